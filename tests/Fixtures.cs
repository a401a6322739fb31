namespace QwenSharp.Tests;

/// <summary>Reference data from other implementations, kept beside the repository rather than in it.</summary>
internal static class Fixtures
{
    /// <summary>The path of a fixture, or a skipped test that says why, where the reference data is absent.</summary>
    public static string Require(params string[] parts)
    {
        string? root = Root();
        Assert.SkipWhen(root is null, "The reference data (../shared/fixtures beside the repository) is not here.");
        string path = Path.Combine([root!, .. parts]);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"The reference file {string.Join('/', parts)} is not here.");
        return path;
    }

    /// <summary>The path of a file of the repository, such as a document that a test holds to the code.</summary>
    public static string InRepository(params string[] parts) => Path.Combine([Repository()!.FullName, .. parts]);

    private static string? Root()
    {
        // A git worktree may sit deeper than the clone itself; look beside each ancestor too.
        for (DirectoryInfo? above = Repository()?.Parent; above is not null; above = above.Parent)
        {
            string candidate = Path.Combine(above.FullName, "shared", "fixtures");
            if (Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }

    private static DirectoryInfo? Repository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "QwenSharp.slnx")))
            folder = folder.Parent;

        return folder;
    }
}
