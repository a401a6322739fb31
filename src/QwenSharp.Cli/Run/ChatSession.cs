using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Run;

/// <summary>A conversation in the terminal: reads lines, answers them, obeys commands that begin with '/'.</summary>
/// <param name="client">The model.</param>
/// <param name="options">Sampling and limits of every answer.</param>
/// <param name="terminal">Where the user sits.</param>
/// <param name="readLine">Waits for a line after a prompt; null at the end of input or on Ctrl-C.</param>
internal sealed class ChatSession(IChatClient client, ChatOptions options, Terminal terminal, Func<string, string?> readLine)
{
    private const string Help = """
        /system TEXT    sets the system message and begins anew; without TEXT, removes it
        /think on|off   lets the model reason before it answers, or not
        /stats          shows how long the last answer took
        /clear          begins a new conversation
        /save FILE      writes the conversation as JSON
        /load FILE      goes on with a saved conversation
        /exit           ends (as Ctrl-D does)
        """ + "\n" + """"
        """ begins a message of several lines and """ ends it. Ctrl-C ends an answer, at an empty prompt the program.
        """";

    private readonly List<ChatMessage> _messages = [];
    private Answer? _last;

    /// <summary>The system message; null for none.</summary>
    public string? System { get; init; }

    /// <summary>Whether to say after each answer how long it took.</summary>
    public bool ShowStatistics { get; init; }

    /// <summary>Whether the model's template knows how to reason or not.</summary>
    public bool HasThinkingSwitch { get; init; } = true;

    /// <summary>Talks until the user leaves.</summary>
    /// <exception cref="OperationCanceledException">The program shall end.</exception>
    public async Task RunAsync()
    {
        Begin(System);
        while (await ReadLineAsync(">>> ").ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith('/'))
            {
                if (!Obey(line))
                    return;
            }
            else if (await ReadRestAsync(line).ConfigureAwait(false) is { } message && !string.IsNullOrWhiteSpace(message))
            {
                await AnswerAsync(message).ConfigureAwait(false);
            }
        }
    }

    private void Begin(string? system)
    {
        _messages.Clear();
        if (!string.IsNullOrWhiteSpace(system))
            _messages.Add(new ChatMessage(ChatRole.System, system));
    }

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
            if (await ReadLineAsync("... ").ConfigureAwait(false) is not { } next)
                return null;

            lines.Add(next);
        }

        lines[^1] = lines[^1][..^fence.Length];
        return string.Join('\n', lines).Trim('\n');
    }

    /// <summary>Waits for a line or for the end of the program; a console cannot be made to stop waiting for a key.</summary>
    private Task<string?> ReadLineAsync(string prompt) => Task.Run(() => readLine(prompt)).WaitAsync(terminal.Interrupts.Ended);

    private async Task AnswerAsync(string message)
    {
        _messages.Add(new ChatMessage(ChatRole.User, message));
        AnswerPrinter printer = new(terminal);
        bool whole;
        try
        {
            whole = await terminal.Interrupts.RunInterruptibleAsync(stop =>
                printer.PrintAsync(client.GetStreamingResponseAsync(_messages, options, stop), stop)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The conversation outlives a message that cannot be answered, one too long for the context for instance.
            _messages.RemoveAt(_messages.Count - 1);
            terminal.Fail(failure.Message);
            return;
        }

        Answer answer = printer.Result();
        _messages.Add(answer.Message);
        // Only a whole answer comes with its count of tokens.
        if (whole)
            _last = answer;

        if (!whole)
            terminal.Out.WriteLine(terminal.Dim("(interrupted)"));
        else if (answer.Finish == ChatFinishReason.Length)
            terminal.Out.WriteLine(terminal.Dim("(cut: the limit of tokens is reached)"));

        if (ShowStatistics && whole)
            terminal.Out.WriteLine(terminal.Dim(answer.Statistics.ToString()));
    }

    /// <summary>Does what a line with '/' asks for.</summary>
    /// <returns>False when the user leaves.</returns>
    private bool Obey(string line)
    {
        string[] parts = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string argument = parts.Length > 1 ? parts[1] : "";
        try
        {
            switch (parts[0])
            {
                case "/exit" or "/quit" or "/bye" or "/help" or "/?" or "/clear" or "/stats" when argument.Length > 0:
                    Say($"{parts[0]} stands alone: nothing goes behind it.");
                    break;
                case "/exit" or "/quit" or "/bye":
                    return false;
                case "/help" or "/?":
                    Say(Help);
                    break;
                case "/clear":
                    Begin(_messages.FirstOrDefault(message => message.Role == ChatRole.System)?.Text);
                    Say("A new conversation.");
                    break;
                case "/system":
                    Begin(argument);
                    Say(argument.Length > 0 ? "System message set; a new conversation." : "System message removed; a new conversation.");
                    break;
                case "/think" when !HasThinkingSwitch:
                    Say("/think changes nothing: the model's template has no switch for reasoning.");
                    break;
                case "/think" when argument is "on" or "off":
                    (options.AdditionalProperties ??= [])[ChatOptionKeys.EnableThinking] = argument == "on";
                    Say($"Thinking is {argument}.");
                    break;
                case "/stats":
                    Say(_last?.Statistics.ToString() ?? "No answer yet.");
                    break;
                case "/save" when argument.Length > 0:
                    Transcript.Save(argument, _messages);
                    Say($"Saved {_messages.Count} messages to {argument}.");
                    break;
                case "/load" when argument.Length > 0:
                    List<ChatMessage> loaded = Transcript.Load(argument);
                    _messages.Clear();
                    _messages.AddRange(loaded);
                    Say($"Loaded {_messages.Count} messages.");
                    break;
                case "/think" or "/save" or "/load":
                    Say($"{parts[0]} needs {(parts[0] == "/think" ? "'on' or 'off'" : "a file name")}.");
                    break;
                default:
                    Say($"There is no command {parts[0]}. /help lists them; begin a message that starts with '/' with \"\"\".");
                    break;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            terminal.Fail(failure.Message);
        }

        return true;
    }

    private void Say(string text) => terminal.Out.WriteLine(terminal.Dim(text));
}
