namespace QwenSharp.Agent.Settings;

/// <summary>The projects that the user trusts, a directory a line.</summary>
/// <param name="path">The file that keeps them.</param>
public sealed class TrustedProjects(string path)
{
    /// <summary>Whether a project, or a directory above it, is trusted.</summary>
    public bool Contains(string project)
    {
        if (!File.Exists(path))
            return false;

        HashSet<string> trusted = [.. File.ReadLines(path)];
        for (DirectoryInfo? at = new(project); at is not null; at = at.Parent)
        {
            if (trusted.Contains(at.FullName))
                return true;
        }

        return false;
    }

    /// <summary>Trusts a project from now on.</summary>
    public void Add(string project)
    {
        if (Contains(project))
            return;

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.AppendAllText(path, Path.GetFullPath(project) + "\n");
    }
}
