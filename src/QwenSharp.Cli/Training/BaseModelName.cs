using QwenSharp.Formats;

namespace QwenSharp.Cli.Training;

/// <summary>What transformers shall load an adapter's base model from: a repository where one is known, else the folder or the name in the file.</summary>
internal static class BaseModelName
{
    private const string Site = "https://huggingface.co/";

    /// <summary>The name of a checkpoint's model.</summary>
    public static string Of(Checkpoint file)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(file.Path));
        if (path.Split(Path.DirectorySeparatorChar).Select(HuggingFaceCache.RepoOf).FirstOrDefault(repo => repo is not null) is { } repository)
            return repository;
        if (Directory.Exists(path))
            return path;
        if (file.Metadata.TryGetString("general.repo_url", out string? url) && url.StartsWith(Site, StringComparison.Ordinal))
            return url[Site.Length..].TrimEnd('/');

        return file.Metadata.TryGetString("general.name", out string? name) ? name : Path.GetFileName(path);
    }
}
