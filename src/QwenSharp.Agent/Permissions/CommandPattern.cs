using System.Text.RegularExpressions;
using QwenSharp.Agent.Permissions.Commands;
using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions;

/// <summary>
/// Which commands a rule means: <c>git diff:*</c> and <c>git diff *</c> those that begin so, <c>npm run *:watch</c> those that a star
/// makes whole, and without a star that one command.
/// </summary>
internal sealed class CommandPattern
{
    private readonly string? _prefix;
    private readonly Regex _whole;

    public CommandPattern(string pattern)
    {
        pattern = string.Join(' ', pattern.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        _prefix = pattern == "*" ? ""
            : pattern.EndsWith(":*", StringComparison.Ordinal) || pattern.EndsWith(" *", StringComparison.Ordinal) ? pattern[..^2] : null;
        _prefix = _prefix?.Contains('*') == true ? null : _prefix;
        _whole = new Regex(
            $"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$",
            RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    /// <summary>Whether a command is certainly meant.</summary>
    public bool Permits(SimpleCommand command) => command.Words is [{ IsKnown: true }, ..] && IsMatch(command.Text, KnownText(command));

    /// <summary>Whether a command may be meant, by whatever name and path it is called and whatever calls it.</summary>
    public bool Forbids(SimpleCommand command) => Wrappers.Possible(command).SelectMany(Forms).Any(text => IsMatch(text, text));

    private bool IsMatch(string text, string known) => _prefix is null
        ? _whole.IsMatch(text)
        : _prefix.Length == 0 || known.TrimEnd() == _prefix || known.StartsWith(_prefix + " ", StringComparison.Ordinal);

    // A prefix must be words that are known.
    private static string KnownText(SimpleCommand command) =>
        string.Join(' ', command.Words.TakeWhile(word => word.IsKnown).Select(SimpleCommand.Quoted));

    private static IEnumerable<string> Forms(SimpleCommand command)
    {
        yield return command.Text;
        if (command.Program.Length == 0)
            yield break;

        yield return string.Join(' ', command.Words.Skip(1).Select(SimpleCommand.Quoted).Prepend(command.Program));
        if (command.Program == "git")
            yield return string.Join(' ', GitCommands.WithoutGlobalOptions(command.Words).Prepend("git"));
    }
}
