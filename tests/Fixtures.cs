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

    private static string? Root()
    {
        // A git worktree may sit deeper than the clone itself; look beside each ancestor too.
        for (DirectoryInfo? above = Checkout.Folder is { } top ? Directory.GetParent(top) : null; above is not null; above = above.Parent)
        {
            string candidate = Path.Combine(above.FullName, "shared", "fixtures");
            if (Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }
}
