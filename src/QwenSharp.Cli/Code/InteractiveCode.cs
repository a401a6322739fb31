using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Cli.Code.Faces;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>A conversation with an agent in the terminal: reads prompts, shows the work, asks for permission, obeys commands.</summary>
/// <param name="opened">The agent.</param>
/// <param name="terminal">Where the person sits.</param>
internal sealed class InteractiveCode(OpenedAgent opened, Terminal terminal)
{
    private const string Help = """
        /help         this
        /clear        a new conversation; the transcript keeps the one before
        /compact      a summary in place of the older part of the conversation
        /model        the model, and how much of its context is used
        /permissions  what runs without asking
        /quit         the end; Ctrl-D too
        Ctrl-C interrupts the work, and ends the program where there is none.
        """;

    private readonly Func<string, string?> _readLine = terminal.LineReader(new InputHistory(InputHistory.UsersFile()));
    private readonly PermissionPrompt _permissions = new(terminal);

    /// <summary>Talks until the person leaves.</summary>
    /// <param name="first">The first prompt; null to wait for it.</param>
    /// <exception cref="OperationCanceledException">The program shall end.</exception>
    public async Task RunAsync(string? first)
    {
        Say($"{opened.Facts.Model} in {opened.Facts.Directory}. /help lists the commands.");
        for (string? line = first; ; line = null)
        {
            line ??= await ReadAsync().ConfigureAwait(false);
            if (line is null)
                return;
            if (line.Trim() is "/quit" or "/exit")
                return;
            if (line.StartsWith('/'))
                await ObeyAsync(line.Trim()).ConfigureAwait(false);
            else if (!string.IsNullOrWhiteSpace(line))
                await ShowAsync(stop => opened.Agent.RunAsync(line, stop)).ConfigureAwait(false);
        }
    }

    private async Task ObeyAsync(string command)
    {
        switch (command)
        {
            case "/help":
                terminal.Out.WriteLine(Help);
                break;
            case "/clear":
                opened.Agent.Clear();
                Say("A new conversation.");
                break;
            case "/compact":
                await ShowAsync(opened.Agent.CompactAsync).ConfigureAwait(false);
                break;
            case "/model":
                Say($"{opened.Facts.Model}; {Context()}.");
                break;
            case "/permissions":
                Say($"Mode {PermissionModes.Word(opened.Permissions.Mode)}.{_permissions.Remembered}");
                break;
            default:
                Say($"There is no {command}. /help lists the commands.");
                break;
        }
    }

    private async Task ShowAsync(Func<CancellationToken, IAsyncEnumerable<AgentEvent>> work)
    {
        AgentPrinter printer = new(terminal);
        try
        {
            bool isWhole = await terminal.Interrupts.RunInterruptibleAsync(async stop =>
            {
                await foreach (AgentEvent told in work(stop).ConfigureAwait(false))
                {
                    printer.Print(told);
                    if (told is PermissionAsked asked)
                        _permissions.Answer(asked);
                    else if (told is AgentDone done)
                        Say($"({Tokens(done.Usage)}; {Context()})");
                }
            }).ConfigureAwait(false);
            printer.End();
            if (!isWhole)
                Say("(interrupted)");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The conversation outlives what goes wrong in it.
            printer.End();
            terminal.Fail(CommandTree.Said(failure));
        }
    }

    private static string Tokens(UsageDetails usage)
    {
        long input = usage.InputTokenCount ?? 0, cached = usage.CachedInputTokenCount ?? 0;
        return input == 0
            ? $"{usage.OutputTokenCount ?? 0} tokens written"
            : $"{input} tokens read, {100.0 * cached / input:0} % of them cached; {usage.OutputTokenCount ?? 0} written";
    }

    private string Context() => opened.ContextLength == 0
        ? $"{opened.Agent.ContextTokens} tokens in the context"
        : $"{opened.Agent.ContextTokens} of {opened.ContextLength} tokens in the context";

    private void Say(string text) => terminal.Out.WriteLine(terminal.Dim(terminal.Wrapped(text)));

    /// <summary>Waits for a line or for the end of the program; a console cannot be made to stop waiting for a key.</summary>
    private Task<string?> ReadAsync() => Task.Run(() => _readLine("> ")).WaitAsync(terminal.Interrupts.Ended);
}
