namespace QwenSharp.Hub;

/// <summary>The models on this machine: what Hugging Face's and ModelScope's caches hold, whoever put it there. Uses no network.</summary>
public sealed class ModelCache
{
    private readonly HubOptions _options;

    /// <summary>The caches.</summary>
    /// <param name="options">Where they are; null for what the environment says.</param>
    /// <exception cref="HubException">A variable of the environment makes no sense.</exception>
    public ModelCache(HubOptions? options = null) => _options = options ?? HubOptions.FromEnvironment();

    /// <summary>All models, by name; the younger first where there are several of one name.</summary>
    public IReadOnlyList<CachedModel> List() => Scan(null);

    /// <summary>Finds a model that is here complete.</summary>
    /// <returns>The model; null if it is not here.</returns>
    /// <exception cref="HubException">There are several and the name does not say which; the message lists them.</exception>
    public CachedModel? Find(ModelReference model)
    {
        List<CachedModel> found = [.. Matching(model).Where(cached => cached.IsComplete)];
        string[] quants = [.. found.Select(cached => cached.Quant ?? "").Distinct(StringComparer.OrdinalIgnoreCase)];
        if (model.Quant is null && model.File is null && quants.Length > 1)
        {
            found.RemoveAll(cached => cached.Quant != GgufSet.Default);
            if (found.Count == 0)
            {
                throw new HubException(
                    $"{model.Repo} is here in several quantisations. Choose one as {model.Repo}:NAME of: {string.Join(", ", quants)}.");
            }
        }

        return found
            .OrderByDescending(cached => cached.IsCurrent)
            .ThenBy(cached => cached.Quant is null ? 0 : cached.Files.Count)
            .ThenByDescending(cached => cached.Modified)
            .FirstOrDefault();
    }

    /// <summary>What a name stands for: one quantisation, or all of a repository, unfinished pulls included.</summary>
    public IReadOnlyList<CachedModel> Matching(ModelReference model)
    {
        CachedModel[] found =
        [
            .. Scan(model.Repo)
                .Where(cached =>
                    (model.Hub is null || cached.Hub == model.Hub)
                    && (model.Revision is null or "main" or "master" || cached.Revision == model.Revision)
                    && (
                        model.File is null
                        || cached.Files.Any(file => file.Replace('\\', '/').EndsWith("/" + model.File, StringComparison.Ordinal)))),
        ];
        if (model.Quant is not { } wanted)
            return found;

        // By the same rules as on the hub, so that what was pulled under a name is found under it.
        (CachedModel Cached, GgufSet Set)[] sets =
        [
            .. found.Where(cached => cached.Quant is not null)
                .SelectMany(cached => GgufSet.Of(cached.Names).Select(set => (cached, set))),
        ];
        HashSet<GgufSet> named = [.. GgufSet.Named([.. sets.Select(entry => entry.Set)], wanted)];
        return [.. sets.Where(entry => named.Contains(entry.Set)).Select(entry => entry.Cached)];
    }

    /// <summary>Removes a model, and content that no other model of the cache shares with it.</summary>
    /// <returns>The bytes that are free now.</returns>
    /// <exception cref="IOException">A file cannot be removed.</exception>
    public long Remove(CachedModel model) =>
        model.Hub == HubKind.ModelScope
            ? CacheRemoval.FromFolder(model, FolderStore.InModelScope(_options.ModelScopeCache, model.Repo))
            : CacheRemoval.FromSnapshots(
                model,
                SnapshotStore.RepoFolder(_options.HuggingFaceCache, model.Repo),
                SnapshotStore.LockFolder(_options.HuggingFaceCache, model.Repo));

    private IReadOnlyList<CachedModel> Scan(string? repo) =>
    [
        .. CacheScan.HuggingFace(_options.HuggingFaceCache, repo).Concat(CacheScan.ModelScope(_options.ModelScopeCache, repo))
            .OrderBy(model => model.Name, StringComparer.OrdinalIgnoreCase)
            .ThenByDescending(model => model.Modified),
    ];
}
