namespace QwenSharp.Agent.Tools.Shell;

/// <summary>Programs of this machine.</summary>
internal static class Programs
{
    /// <summary>The full path of a program that is found by its name; null where there is none.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Where(Path.IsPathRooted)
        .Select(directory => Path.Join(directory, OperatingSystem.IsWindows() ? name + ".exe" : name))
        .FirstOrDefault(File.Exists);
}
