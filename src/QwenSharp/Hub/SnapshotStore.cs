using QwenSharp.Formats;

namespace QwenSharp.Hub;

/// <summary>
/// The cache that Hugging Face's tools share (https://huggingface.co/docs/hub/local-cache): <c>blobs/HASH</c> holds the content,
/// <c>snapshots/COMMIT/FILE</c> is a relative link
/// to it, <c>refs/REVISION</c> names the commit. Where links are not possible the content itself lies in the snapshot, as huggingface_hub
/// does it on Windows.
/// </summary>
internal sealed class SnapshotStore(string cache, RepoListing listing, bool links) : IModelStore
{
    private readonly string _repo = RepoFolder(cache, listing.Repo);

    public string Folder => Path.Combine(_repo, "snapshots", listing.Commit);

    /// <summary>The folder of a repository.</summary>
    public static string RepoFolder(string cache, string repo) => Path.Combine(cache, HuggingFaceCache.FolderOf(repo));

    /// <summary>The folder of its locks, which outlives it.</summary>
    public static string LockFolder(string cache, string repo) => Path.Combine(cache, ".locks", HuggingFaceCache.FolderOf(repo));

    /// <summary>The repository of a folder; null where it holds no model.</summary>
    public static string? RepoOf(string folder) =>
        HuggingFaceCache.RepoOf(Path.GetFileName(folder)) is { } repo && RepoNames.IsRepo(repo) ? repo : null;

    public string StagedPath(RepoFile file) => Path.Combine(_repo, "blobs", BlobName(file));

    public string LockPath(RepoFile file) => Path.Combine(LockFolder(cache, listing.Repo), BlobName(file) + ".lock");

    // The hash was checked when the blob got its name, by us or by the tool that put it there.
    public Task<bool> HasAsync(RepoFile file, FileProgress progress, CancellationToken cancellationToken) =>
        Task.FromResult(HasLength(StagedPath(file), file.Size) || HasLength(NamedPath(file), file.Size));

    // The locks lie in a folder of their own, where other tools leave theirs too.
    public void Abandon(IReadOnlyList<RepoFile> files)
    {
    }

    public void Publish(IReadOnlyList<RepoFile> files)
    {
        foreach (RepoFile file in files)
        {
            string named = NamedPath(file);
            if (!HasLength(named, file.Size))
                Name(StagedPath(file), named);
        }

        if (listing.Revision != listing.Commit)
            WriteReference();
    }

    private void Name(string staged, string named)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(named)!);
        // A link to a blob that is gone.
        File.Delete(named);
        if (links)
        {
            try
            {
                File.CreateSymbolicLink(named, Path.GetRelativePath(Path.GetDirectoryName(named)!, staged));
                return;
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                // Another process was faster, or this file system or user has no links.
                if (File.Exists(named))
                    return;
            }
        }

        File.Move(staged, named, overwrite: true);
    }

    private void WriteReference()
    {
        string path = Path.Combine(_repo, "refs", Path.Combine(listing.Revision.Split('/')));
        string temporary = $"{path}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(temporary, listing.Commit);
        File.Move(temporary, path, overwrite: true);
    }

    private string NamedPath(RepoFile file) => Path.Combine(Folder, Path.Combine(file.Path.Split('/')));

    private string BlobName(RepoFile file) =>
        file.Hash?.Hex
        ?? throw new HubException(
            $"The hub does not say what {file.Path} of {listing.Repo} must hash to, so it cannot go into the shared cache. Pull it into a "
                + "folder of its own.");

    private static bool HasLength(string path, long length) =>
        File.Exists(path)
        && (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo file
        && file.Length == length;
}
