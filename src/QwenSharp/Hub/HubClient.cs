namespace QwenSharp.Hub;

/// <summary>
/// Pulls models from Hugging Face and ModelScope. Safe to use from several threads, and beside other processes that pull the same files.
/// </summary>
public sealed class HubClient : IDisposable
{
    private readonly HubOptions _options;
    private readonly HttpClient _client = HubHttp.CreateClient();

    /// <summary>A client.</summary>
    /// <param name="options">Endpoints, tokens and folders; null for what the environment asks for.</param>
    /// <exception cref="HubException">A variable of the environment makes no sense.</exception>
    public HubClient(HubOptions? options = null) => _options = options ?? HubOptions.FromEnvironment();

    /// <summary>Transfers a model, as far as it is not here yet, and checks it.</summary>
    /// <param name="model">Which; a hub that it does not name is Hugging Face.</param>
    /// <param name="folder">A folder for the files; null for the hub's usual cache.</param>
    /// <param name="progress">Told how far it is; called from several threads, often.</param>
    /// <param name="cancellationToken">Ends the transfer; the next one goes on from there.</param>
    /// <exception cref="HubException">The hub refuses, cannot be reached or sends something else than it lists, the disk is full, or it is
    /// not clear which files are meant.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task<PulledModel> PullAsync(
        ModelReference model,
        string? folder = null,
        IProgress<PullProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (_options.Offline)
        {
            throw new HubException($"HF_HUB_OFFLINE is set, so {model.Name} is not pulled.", HubRemedy.ListModels);
        }

        HubKind kind = model.Hub ?? HubKind.HuggingFace;
        IHub hub = HubOf(model);
        string revision = model.Revision ?? hub.DefaultRevision;
        if (!RepoNames.IsPath(revision))
            throw new HubException($"'{revision}' is no name of a branch, a tag or a commit.");

        RepoListing listing = await hub.ListAsync(model.Repo, revision, cancellationToken).ConfigureAwait(false);
        (IReadOnlyList<RepoFile> files, string? quant) = FileSelection.Choose(listing, model);
        IModelStore store = folder is not null ? new FolderStore(Path.GetFullPath(folder))
            : kind == HubKind.ModelScope ? new FolderStore(FolderStore.InModelScope(_options.ModelScopeCache, model.Repo))
            : new SnapshotStore(_options.HuggingFaceCache, listing, _options.SymbolicLinks);

        EmptyFolders made = new(Path.GetDirectoryName(store.StagedPath(files[0]))!);
        long received;
        try
        {
            received = await TransferAsync(hub, listing, files, store, progress, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            store.Abandon(files);
            made.Remove();
            throw;
        }

        store.Publish(files);
        IReadOnlyList<string> paths = [.. files.Select(file => Path.Combine(store.Folder, Path.Combine(file.Path.Split('/'))))];
        return new PulledModel
        {
            Name = model.Name,
            Hub = kind,
            Repo = model.Repo,
            Quant = quant,
            Revision = listing.Commit,
            Path = quant is not null || files.Count == 1 ? paths[0] : store.Folder,
            Files = paths,
            Bytes = files.Sum(file => file.Size),
            ReceivedBytes = received,
        };
    }

    /// <summary>The bytes of a model's files, of which some may be here already.</summary>
    /// <param name="model">Which; a hub that it does not name is Hugging Face.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HubException">The hub refuses or cannot be reached, or it is not clear which files are meant.</exception>
    public async Task<long> SizeAsync(ModelReference model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        IHub hub = HubOf(model);
        string revision = model.Revision ?? hub.DefaultRevision;
        RepoListing listing = await hub.ListAsync(model.Repo, revision, cancellationToken).ConfigureAwait(false);
        return FileSelection.Choose(listing, model).Files.Sum(file => file.Size);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private IHub HubOf(ModelReference model) =>
        model.Hub == HubKind.ModelScope ? new ModelScopeHub(_client, _options) : new HuggingFaceHub(_client, _options);

    private async Task<long> TransferAsync(
        IHub hub,
        RepoListing listing,
        IReadOnlyList<RepoFile> files,
        IModelStore store,
        IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        List<RepoFile> missing = [];
        foreach (RepoFile file in files)
        {
            if (!await store.HasAsync(file, new FileProgress(file, progress), cancellationToken).ConfigureAwait(false))
                missing.Add(file);
        }

        if (missing.Count > 0)
        {
            DiskSpace.Require(
                store.StagedPath(missing[0]),
                missing.Sum(file => file.Size - PartFile.BytesAt(store.StagedPath(file))),
                _options.FreeSpace);
        }

        long received = 0;
        foreach (RepoFile file in missing)
        {
            FileProgress tell = new(file, progress);
            using IDisposable held = await DownloadLock.TakeAsync(store.LockPath(file), tell.Wait, cancellationToken).ConfigureAwait(false);

            // Another process may have brought it while this one waited.
            if (!await store.HasAsync(file, tell, cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    received += await new RangedDownload(hub.Http, _options, listing.Repo, file)
                        .RunAsync(hub.AddressOf(listing, file), store.StagedPath(file), tell, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    PartFile.DeleteIfEmpty(store.StagedPath(file));
                    throw;
                }
            }
        }

        return received;
    }
}
