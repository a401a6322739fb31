namespace QwenSharp.Cli.Commands;

/// <summary>Where a command writes: results replace what is there, so it must not be what the command reads.</summary>
internal static class OutputFile
{
    /// <param name="path">Where the result is to go.</param>
    /// <param name="inputs">Files, and folders of models, that the command reads.</param>
    /// <exception cref="UsageException">The result would replace an input, a folder or a device.</exception>
    public static void Check(string path, params ReadOnlySpan<string> inputs)
    {
        string output = Resolve(path);
        if (Directory.Exists(output))
            throw new UsageException($"'{path}' is a folder; name a file to write.");
        if (!OperatingSystem.IsWindows() && output.StartsWith("/dev/", StringComparison.Ordinal))
            throw new UsageException($"'{path}' is a device; the result replaces what is there, so name a file to write.");

        foreach (string input in inputs)
        {
            string read = Resolve(input);
            if (output == read || (File.Exists(output) && Directory.Exists(read) && output.StartsWith(Path.TrimEndingDirectorySeparator(read) + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
                throw new UsageException($"'{path}' belongs to '{input}', which is read; name another file to write.");
        }
    }

    private static string Resolve(string path)
    {
        string full = Path.GetFullPath(path);
        return File.Exists(full) ? File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
    }
}
