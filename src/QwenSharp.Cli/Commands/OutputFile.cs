using QwenSharp.Formats;

namespace QwenSharp.Cli.Commands;

/// <summary>Where a command writes: results replace what is there, so it must not be what the command reads.</summary>
internal static class OutputFile
{
    /// <param name="path">Where the result is to go.</param>
    /// <param name="inputs">Files, and folders of models, that the command reads.</param>
    /// <exception cref="UsageException">The result would replace an input, a folder or a device.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder of the result does not exist: better said now than after the
    /// work.</exception>
    public static void Check(string path, params ReadOnlySpan<string> inputs)
    {
        CheckReplaced(path, inputs);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist.");
    }

    /// <summary>As <see cref="Check"/>, for a folder that is made later.</summary>
    /// <exception cref="UsageException">The result would replace an input, a folder or a device.</exception>
    public static void CheckReplaced(string path, params ReadOnlySpan<string> inputs)
    {
        string output = Resolve(path);
        if (Directory.Exists(output))
            throw new UsageException($"'{path}' is a folder; name a file to write.");
        if (!OperatingSystem.IsWindows() && output.StartsWith("/dev/", StringComparison.Ordinal))
            throw new UsageException($"'{path}' is a device; the result replaces what is there, so name a file to write.");

        foreach (string input in inputs)
        {
            string read = Resolve(input);
            if (
                output == read
                || AreShards(output, read)
                || (
                    File.Exists(output)
                    && Directory.Exists(read)
                    && output.StartsWith(Path.TrimEndingDirectorySeparator(read) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            {
                throw new UsageException($"'{path}' belongs to '{input}', which is read; name another file to write.");
            }
        }
    }

    /// <summary>Whether both are files of one split model.</summary>
    private static bool AreShards(string output, string read) =>
        GgufShardName.Parse(output) is { } one
        && GgufShardName.Parse(read) is { } other
        && (one.Prefix, one.Count) == (other.Prefix, other.Count);

    /// <summary>The path without links: neither the file nor a folder on the way is one.</summary>
    private static string Resolve(string path)
    {
        string full = Path.GetFullPath(path), resolved = Path.GetPathRoot(full)!;
        foreach (string part in full[resolved.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            string next = Path.Combine(resolved, part);
            FileSystemInfo place = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            resolved =
                place.LinkTarget is not null && place.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } target
                    ? Resolve(target.FullName)
                    : next;
        }

        return resolved;
    }
}
