namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>
/// A program, builtin or other construct that a command line runs, wherever in it. Constructs that evaluate something have their opening
/// as first word: <c>[[</c>, <c>((</c>, <c>$((</c>, <c>${</c>, <c>function</c>, <c>for</c>, <c>while</c>.
/// </summary>
internal sealed record SimpleCommand
{
    private const string Special = " \t\n\r'\"\\$`;&|<>(){}*?[]#!";

    /// <summary>The variables that are set for it, or by it where there are no words.</summary>
    public IReadOnlyList<(string Name, ShellWord Value)> Assignments { get; init; } = [];

    /// <summary>The program and its arguments; empty where there are only assignments or redirections.</summary>
    public IReadOnlyList<ShellWord> Words { get; init; } = [];

    /// <summary>The words behind the program.</summary>
    public IReadOnlyList<ShellWord> Arguments => [.. Words.Skip(1)];

    /// <summary>Its redirections.</summary>
    public IReadOnlyList<ShellRedirection> Redirections { get; init; } = [];

    /// <summary>Whether its input comes from a pipe.</summary>
    public bool IsPipedInto { get; init; }

    /// <summary>The name of what is run, without its directory; empty where it is not known.</summary>
    public string Program => Words is [{ IsKnown: true } first, ..] ? first.Text[(first.Text.LastIndexOf('/') + 1)..] : "";

    /// <summary>The construct that it is, by its opening; null for what is run by its name.</summary>
    public string? Construct => Words is [{ IsKnown: false, Prefix.Length: > 0, MaySplit: false } first, ..] && first.Prefix == first.Text
        ? first.Text
        : null;

    /// <summary>The command as rules see it: its words with one space between them, quoted where they need it.</summary>
    public string Text => string.Join(' ', Words.Select(Quoted));

    /// <summary>A word as it is written where it must be quoted.</summary>
    public static string Quoted(ShellWord word) => !word.IsKnown ? word.Written
        : word.Text is "[" or "]" || (word.Text.Length > 0 && word.Text.AsSpan().IndexOfAny(Special) < 0) ? word.Text
        : $"'{word.Text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
