using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>Asks the person at the terminal whether a call may run, and remembers what may always.</summary>
/// <param name="terminal">Where the person sits.</param>
internal sealed class PermissionPrompt(Terminal terminal)
{
    private readonly HashSet<string> _always = new(StringComparer.Ordinal);

    /// <summary>What may always run, in a sentence; empty for nothing.</summary>
    public string Remembered => _always.Count == 0 ? "" : $" Always allowed in this session: {string.Join("; ", _always.Order())}.";

    /// <summary>Answers for a call.</summary>
    public void Answer(PermissionAsked asked)
    {
        // Another command of the same tool may do anything.
        string kind = asked.Access.Kind == AccessKind.Execute ? asked.Access.Command ?? asked.Tool : asked.Tool;
        if (_always.Contains(kind))
        {
            asked.Allow();
            return;
        }

        terminal.Out.WriteLine(terminal.Wrapped(terminal.Safe($"{asked.Reason} {What(asked.Access)}")));
        string answer = terminal.Ask("Allow it? [y]es, [a]lways in this session, or no, and what to do instead: ")?.Trim() ?? "";
        switch (answer.ToLowerInvariant())
        {
            case "y" or "yes":
                asked.Allow();
                break;
            case "a" or "always":
                _always.Add(kind);
                asked.Allow();
                break;
            case "" or "n" or "no":
                asked.Deny("the person said no");
                break;
            default:
                asked.Deny($"the person said: {answer}");
                break;
        }
    }

    private static string What(ToolAccess access) =>
        access.Command is { } command ? $"Command: {command}"
        : access.Url is { } url ? $"Address: {url}"
        : access.Paths.Count > 0 ? $"{string.Join(", ", access.Paths)}"
        : "";
}
