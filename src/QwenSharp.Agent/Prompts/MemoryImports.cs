using System.Text;
using System.Text.RegularExpressions;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Prompts;

/// <summary>Reads a memory file and, in place of each <c>@path</c> of it, the file there.</summary>
/// <param name="root">The directory outside which nothing is imported; null for no such bound.</param>
internal sealed partial class MemoryImports(string? root)
{
    private const int Deepest = 5;

    // A log is no memory.
    private const long LargestFile = 1 << 20;

    private readonly Workspace? _inside = root is null ? null : new Workspace(root);

    /// <summary>The text of a file; null where there is none that can be read, or a link leads out of the bound.</summary>
    public string? Read(string path) => _inside is null || _inside.Contains(_inside.Resolve(path)) ? Read(path, []) : null;

    private string? Read(string path, IReadOnlyList<string> above)
    {
        string? text = Content(path);
        if (text is null || !text.Contains('@', StringComparison.Ordinal))
            return text;

        StringBuilder expanded = new();
        bool inCode = false;
        foreach (string line in text.Split('\n'))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                inCode = !inCode;

            expanded.Append(inCode ? line : Import().Replace(line, found => Imported(found, path, above))).Append('\n');
        }

        expanded.Length--;
        return expanded.ToString();
    }

    // What is no file stays as it is: an address of mail, a name of a person, a decorator.
    private string Imported(Match found, string from, IReadOnlyList<string> above)
    {
        string name = found.Groups["path"].Value;
        string path = name.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), name[2..])
            : Path.GetFullPath(name, Path.GetDirectoryName(from)!);
        if (!File.Exists(path))
            return found.Value;

        string resolved = _inside?.Resolve(path) ?? Path.GetFullPath(path);
        string lead = found.Groups["lead"].Value;
        return _inside?.Contains(resolved) is false ? $"{lead}[@{name} is outside the project and left out]"
            : above.Contains(resolved) || above.Count >= Deepest ? $"{lead}[@{name} is imported already, or too deep]"
            : Read(resolved, [.. above, resolved]) is { } text ? $"{lead}{text}"
            : found.Value;
    }

    private static string? Content(string path)
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= LargestFile ? File.ReadAllText(path) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"(?<lead>^|\s)@(?<path>(~/|\.{0,2}/)?[\w.][\w./-]*[\w-])", RegexOptions.CultureInvariant)]
    private static partial Regex Import();
}
