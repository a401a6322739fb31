namespace QwenSharp.Hub;

/// <summary>Removes models from caches, and the folders that are left empty.</summary>
internal static class CacheRemoval
{
    /// <summary>Removes a model's links from its snapshot, and the blobs that no other link needs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="repo">The repository's folder; removed when no snapshot has weights left.</param>
    /// <param name="locks">The folder of its locks; removed with it.</param>
    public static long FromSnapshots(CachedModel model, string repo, string locks)
    {
        string blobs = Path.Combine(repo, "blobs"), snapshots = Path.Combine(repo, "snapshots");
        HashSet<string> candidates = [];
        long freed = 0;
        foreach (string file in model.Files)
        {
            if (new FileInfo(file).LinkTarget is null)
            {
                freed += Delete(file);
                continue;
            }

            // A link may be made to lead anywhere; only what lies in this cache is its content.
            if (CacheScan.Real(file) is { } real && Path.GetDirectoryName(real.FullName) == Path.GetFullPath(blobs))
                candidates.Add(real.FullName);

            File.Delete(file);
        }

        candidates.ExceptWith(CacheScan.FilesIn(snapshots).Select(link => CacheScan.Real(link)?.FullName ?? ""));
        foreach (string blob in candidates)
            freed += Delete(blob);

        Prune(snapshots);
        if (CacheScan.FilesIn(snapshots).Any(FileSelection.IsWeights) || CacheScan.FilesIn(blobs).Any(IsPart))
            return freed;

        freed += CacheScan.FilesIn(repo).Sum(file => new FileInfo(file) is { LinkTarget: null } rest ? rest.Length : 0);
        Directory.Delete(repo, recursive: true);
        if (Directory.Exists(locks))
            Directory.Delete(locks, recursive: true);

        return freed;
    }

    /// <summary>Removes a model's files from a plain folder, and the folder when no weights are left.</summary>
    public static long FromFolder(CachedModel model, string folder)
    {
        long freed = model.Files.Sum(Delete);
        if (!CacheScan.FilesIn(folder).Any(file => FileSelection.IsWeights(file) || IsPart(file)))
        {
            freed += CacheScan.FilesIn(folder).Sum(file => new FileInfo(file).Length);
            Directory.Delete(folder, recursive: true);
        }

        return freed;
    }

    private static long Delete(string path)
    {
        FileInfo file = new(path);
        long length = file.Exists ? file.Length : 0;
        file.Delete();
        if (IsPart(path))
            File.Delete(PartFile.JournalOf(path[..^PartFile.PathOf("").Length]));

        return length;
    }

    private static bool IsPart(string path) => path.EndsWith(PartFile.PathOf(""), StringComparison.Ordinal);

    private static void Prune(string folder)
    {
        if (!Directory.Exists(folder))
            return;

        foreach (string child in Directory.EnumerateDirectories(folder))
        {
            Prune(child);
            if (!Directory.EnumerateFileSystemEntries(child).Any())
                Directory.Delete(child);
        }
    }
}
