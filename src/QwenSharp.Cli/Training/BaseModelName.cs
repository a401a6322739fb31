using QwenSharp.Formats;

namespace QwenSharp.Cli.Training;

/// <summary>
/// What transformers shall load an adapter's base model from: a repository where one is known, else the folder or the name in the file.
/// </summary>
internal static class BaseModelName
{
    private const string Site = "https://huggingface.co/";

    /// <summary>The name of a checkpoint's model.</summary>
    public static string Of(Checkpoint file)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(file.Path));
        string? repository = path.Split(Path.DirectorySeparatorChar)
            .Select(HuggingFaceCache.RepoOf)
            .FirstOrDefault(repo => repo is not null);
        if (Directory.Exists(path))
            return repository ?? path;

        // A GGUF file's own repository has no weights that transformers reads.
        foreach (string key in (string[])["general.base_model.0.repo_url", "general.repo_url"])
        {
            if (file.Metadata.TryGetString(key, out string? url) && url.StartsWith(Site, StringComparison.Ordinal))
                return url[Site.Length..].TrimEnd('/');
        }

        return repository ?? (file.Metadata.TryGetString("general.name", out string? name) ? name : Path.GetFileName(path));
    }
}
