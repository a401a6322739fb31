using QwenSharp.Agent.Permissions.Shell;
using QwenSharp.Agent.Search;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>The files that a word of a command may mean.</summary>
/// <param name="workspace">The project.</param>
/// <param name="directories">Where the command may run; a name that is not absolute may be below each.</param>
internal sealed class WordPaths(Workspace workspace, IReadOnlyCollection<string> directories)
{
    /// <summary>Devices that hold nothing.</summary>
    private static readonly HashSet<string> Harmless = ["/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/zero"];

    /// <summary>The paths that a word may be, links followed: the word itself, and what is attached to an option.</summary>
    /// <returns>Null where there is no telling.</returns>
    public IReadOnlyList<string>? Of(ShellWord word)
    {
        if (word is { IsKnown: false, IsGlobAlone: true })
            return Globbed(word);

        if (!word.IsKnown)
            return null;

        return [.. Candidates(word.Text).SelectMany(text => Resolved(text, word.IsHome))];
    }

    private static IEnumerable<string> Candidates(string text)
    {
        if (text.Length == 0)
            yield break;

        yield return text;
        int equals = text.IndexOf('=');
        if (equals >= 0 && equals + 1 < text.Length)
            yield return text[(equals + 1)..];

        // A name may follow a letter, and in a few programs a colon or an at sign.
        if (text[0] == '-' && text.Length > 2 && text[1] != '-')
            yield return text[2..];

        if (text[0] == '@' && text.Length > 1)
            yield return text[1..];
    }

    private IEnumerable<string> Resolved(string text, bool isHome)
    {
        foreach (string directory in directories)
        {
            string? path;
            try
            {
                path = workspace.Resolve(isHome || text[0] != '~' ? text : "./" + text, directory);
            }
            catch (IOException)
            {
                path = null;
            }

            if (path is not null && !Harmless.Contains(path))
                yield return path;
        }
    }

    // A glob in the last name can be looked up, so that a link among what it matches is found.
    private IReadOnlyList<string>? Globbed(ShellWord word)
    {
        int slash = word.Text.LastIndexOf('/');
        if (slash >= 0 && word.Prefix.Length <= slash)
            return null;

        string above = slash < 0 ? "." : word.Text[..(slash + 1)];
        GlobSegment pattern;
        try
        {
            pattern = new GlobSegment(word.Text[(slash + 1)..]);
        }
        catch (FormatException)
        {
            return null;
        }

        List<string> paths = [];
        foreach (string directory in Resolved(above, word.IsHome))
        {
            paths.Add(directory);
            if (!workspace.MayRead(directory))
                return paths;

            if (Directory.Exists(directory))
            {
                paths.AddRange(Directory.EnumerateFileSystemEntries(directory)
                    .Where(entry => pattern.IsMatch(Path.GetFileName(entry.AsSpan())))
                    .SelectMany(entry => Resolved(entry, isHome: false)));
            }
        }

        return paths;
    }
}
