namespace QwenSharp.Formats;

/// <summary>
/// The names of folders in the cache that Hugging Face's tools share (https://huggingface.co/docs/hub/local-cache):
/// <c>models--ORG--NAME</c>.
/// </summary>
public static class HuggingFaceCache
{
    private const string Prefix = "models--";

    /// <summary>The name of a repository's folder.</summary>
    /// <param name="repo">ORG/NAME.</param>
    public static string FolderOf(string repo)
    {
        ArgumentNullException.ThrowIfNull(repo);
        return Prefix + repo.Replace("/", "--", StringComparison.Ordinal);
    }

    /// <summary>The repository whose folder has this name; null where it is not a model's.</summary>
    /// <param name="folder">The folder's name, without the path to it.</param>
    public static string? RepoOf(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.StartsWith(Prefix, StringComparison.Ordinal)
            ? folder[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal)
            : null;
    }
}
