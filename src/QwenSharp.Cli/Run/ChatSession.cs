using Microsoft.Extensions.AI;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Run;

/// <summary>A conversation in the terminal: reads messages, answers them, obeys commands that begin with '/'.</summary>
/// <param name="model">The model that answers first; the session's to dispose, like those that follow it.</param>
/// <param name="settings">Sampling and limits of every answer.</param>
/// <param name="terminal">Where the user sits.</param>
/// <param name="readLine">Waits for a message after a prompt; null at the end of input.</param>
internal sealed class ChatSession(ChatModel model, ChatSettings settings, Terminal terminal, Func<string, string?> readLine)
    : IAsyncDisposable
{
    private int _leftOut;

    /// <summary>Opens another model by its name; null where the session has but one.</summary>
    public Func<string, Task<ChatModel>>? Open { get; init; }

    /// <summary>Whether to say after each answer how long it took.</summary>
    public bool ShowStatistics { get; set; }

    /// <summary>The model that answers.</summary>
    public ChatModel Model { get; private set; } = model;

    /// <summary>Sampling and limits.</summary>
    public ChatSettings Settings { get; } = settings;

    /// <summary>All that was said. What no longer fits into the context stays here.</summary>
    public List<ChatMessage> Messages { get; } = [];

    /// <summary>The last whole answer; null before there is one.</summary>
    public Answer? Last { get; private set; }

    /// <summary>The system message; null for none. Setting it leaves the rest of the conversation as it is.</summary>
    public string? System
    {
        get => Messages is [{ Role: var role } first, ..] && role == ChatRole.System ? first.Text : null;
        set
        {
            Messages.RemoveAll(message => message.Role == ChatRole.System);
            if (!string.IsNullOrWhiteSpace(value))
                Messages.Insert(0, new ChatMessage(ChatRole.System, value));
        }
    }

    /// <summary>Talks until the user leaves.</summary>
    /// <exception cref="OperationCanceledException">The program shall end.</exception>
    public async Task RunAsync()
    {
        ChatCommands commands = new(this, terminal);
        while (await ReadAsync(">>> ").ConfigureAwait(false) is { } text)
        {
            if (ChatCommands.IsCommand(text))
            {
                if (!await commands.ObeyAsync(text).ConfigureAwait(false))
                    return;
            }
            else if (await ReadRestAsync(text).ConfigureAwait(false) is { } message && !string.IsNullOrWhiteSpace(message))
            {
                ChatMessage[] before = [.. Messages];
                Messages.Add(new ChatMessage(ChatRole.User, message));
                await AnswerAsync(before).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Begins a new conversation.</summary>
    public void Begin(string? system)
    {
        Messages.Clear();
        System = system;
        _leftOut = 0;
    }

    /// <summary>Answers the conversation as it stands.</summary>
    /// <param name="before">What it goes back to if it cannot be answered.</param>
    public async Task AnswerAsync(IReadOnlyList<ChatMessage> before)
    {
        AnswerPrinter printer = new(terminal);
        ContextWindow window;
        bool whole;
        try
        {
            window = ContextWindow.Fit(Messages, Model, Settings.Options);
            if (window.LeftOut > _leftOut)
            {
                (string fits, string isLeft) = window.LeftOut == 1 ? ("fits", "is left") : ("fit", "are left");
                Say($"({Turns(window.LeftOut)} no longer {fits} in the context and {isLeft} out of the prompt)");
            }

            _leftOut = window.LeftOut;
            whole = await terminal
                .Interrupts.RunInterruptibleAsync(stop =>
                    printer.PrintAsync(Model.Client.GetStreamingResponseAsync(window.Shown, Settings.Options, stop), stop))
                .ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The conversation outlives a message that cannot be answered, one too long for the context for instance.
            Messages.Clear();
            Messages.AddRange(before);
            terminal.Fail(CommandTree.Said(failure));
            return;
        }

        Answer answer = printer.Result();
        Messages.Add(answer.Message);
        if (!whole)
        {
            Say("(interrupted)");
            return;
        }

        // Only a whole answer comes with its count of tokens.
        Last = answer;
        if (answer.Finish == ChatFinishReason.Length)
            Say("(cut: the limit of tokens is reached)");
        if (ShowStatistics)
            Say(answer.Statistics.ToString());

        int tokens = answer.Statistics.PromptTokens + answer.Statistics.AnswerTokens;
        if (tokens > 0)
            Say($"({Meter(tokens)}{(window.LeftOut > 0 ? $"; without {Turns(window.LeftOut)}" : "")})");
    }

    /// <summary>How much of the context some tokens take.</summary>
    public string Meter(int tokens) => $"context {100.0 * tokens / Model.ContextLength:0} %, {tokens} of {Model.ContextLength} tokens";

    /// <summary>Goes on with another model.</summary>
    /// <exception cref="Exception">It cannot be opened; the one before stays.</exception>
    public async Task SwitchAsync(string name)
    {
        ChatModel next = await Open!(name).ConfigureAwait(false);
        await Model.DisposeAsync().ConfigureAwait(false);
        Model = next;
        _leftOut = 0;
    }

    /// <summary>Something that the program says, not the model.</summary>
    public void Say(string text) => terminal.Out.WriteLine(terminal.Dim(terminal.Wrapped(text)));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Model.DisposeAsync();

    private static string Turns(int count) => count == 1 ? "the oldest turn" : $"the {count} oldest turns";

    /// <summary>
    /// The message that begins with a line: the line itself, or all up to the closing quotes; null if the user gave it up.
    /// </summary>
    private async Task<string?> ReadRestAsync(string line)
    {
        const string fence = "\"\"\"";
        if (!line.StartsWith(fence, StringComparison.Ordinal))
            return line;

        List<string> lines = [line[fence.Length..]];
        while (!lines[^1].EndsWith(fence, StringComparison.Ordinal))
        {
            if (await ReadAsync("... ").ConfigureAwait(false) is not { } next)
                return null;

            lines.Add(next);
        }

        lines[^1] = lines[^1][..^fence.Length];
        return string.Join('\n', lines).Trim('\n');
    }

    /// <summary>Waits for a message or for the end of the program; a console cannot be made to stop waiting for a key.</summary>
    private Task<string?> ReadAsync(string prompt) => Task.Run(() => readLine(prompt)).WaitAsync(terminal.Interrupts.Ended);
}
