using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tools.Files;

/// <summary>The paths of calls.</summary>
internal static class FilePaths
{
    /// <summary>The full path that a parameter names, links followed.</summary>
    /// <exception cref="ToolException">It is missing, or no file can have this name.</exception>
    public static string Path(this ToolArguments arguments, string name, ToolContext context) =>
        Resolved(arguments.String(name), name, context);

    /// <summary>The full path of the directory that a parameter names; the project's where it is left out.</summary>
    public static string DirectoryPath(this ToolArguments arguments, string name, ToolContext context) =>
        arguments.OptionalString(name) is { Length: > 0 } directory ? Resolved(directory, name, context) : context.Workspace.Root;

    /// <summary>What a call reads or writes: the file, by each name that it has.</summary>
    public static ToolAccess Access(AccessKind kind, params IEnumerable<string> paths) => new(kind) { Paths = [.. paths] };

    /// <summary>A path that a tool got, links followed.</summary>
    /// <exception cref="ToolException">No file can have this name.</exception>
    public static string Resolved(string path, string name, ToolContext context)
    {
        if (path.Length == 0)
            throw new ToolException($"The parameter \"{name}\" is empty; give the path of a file.");

        try
        {
            return context.Workspace.Resolve(path);
        }
        catch (IOException impossible)
        {
            throw new ToolException($"The parameter \"{name}\" cannot be a path: {impossible.Message}");
        }
    }

    /// <summary>What a model is told of a file that is not there, with those of nearly this name.</summary>
    public static ToolException Missing(string path, Workspace workspace)
    {
        string name = System.IO.Path.GetFileName(path);
        string? directory = System.IO.Path.GetDirectoryName(path);
        string[] near = directory is null || !Directory.Exists(directory)
            ? []
            : [.. Directory.EnumerateFileSystemEntries(directory)
                .Where(entry => IsNear(System.IO.Path.GetFileName(entry), name))
                .Order(StringComparer.Ordinal)
                .Take(3)
                .Select(workspace.Shown)];
        string hint = near.Length > 0 ? $" Did you mean {string.Join(" or ", near)}?"
            : directory is not null && !Directory.Exists(directory) ? $" There is no directory {workspace.Shown(directory)} either."
            : " Look for it with glob.";
        return new ToolException($"There is no file {workspace.Shown(path)}.{hint}");
    }

    private static bool IsNear(string entry, string name) => Contains(entry, name) || Contains(name, entry);

    private static bool Contains(string name, string other) => System.IO.Path.GetFileNameWithoutExtension(other) is { Length: > 0 } stem
        && name.Contains(stem, StringComparison.OrdinalIgnoreCase);
}
