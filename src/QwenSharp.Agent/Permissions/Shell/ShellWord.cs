namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>A word of a command, as far as it is known before the command runs.</summary>
/// <param name="Text">Its value with the quotes taken off; what only the shell will know stands in it as it is written.</param>
/// <param name="Written">As it is written.</param>
/// <param name="Prefix">The beginning of the value that is known; all of it where <paramref name="IsKnown"/>.</param>
/// <param name="IsKnown">Whether the value is just the text: there is no variable, substitution, glob or brace in it.</param>
/// <param name="MaySplit">Whether it may become several words, or none.</param>
/// <param name="IsHome">Whether it begins with a tilde that stands for the home directory.</param>
internal sealed record ShellWord(string Text, string Written, string Prefix, bool IsKnown, bool MaySplit, bool IsHome)
{
    /// <summary>A word that is known, as one that stood in quotes.</summary>
    public static ShellWord Known(string text) => new(text, text, text, IsKnown: true, MaySplit: false, IsHome: false);

    /// <summary>Whether the value may begin with a dash, so that a program may take it for an option.</summary>
    public bool MayBeOption => Prefix.Length == 0 ? !IsKnown : Prefix[0] == '-' || (MaySplit && !IsGlobAlone);

    /// <summary>Whether what is not known is a glob, which makes words of the same beginning.</summary>
    public bool IsGlobAlone { get; init; }
}
