namespace QwenSharp.Hub;

/// <summary>
/// Where the files of one pull go. Complete content waits under a name that no reader looks at; when all files have come they get their
/// names together,
/// so that nobody finds half a model.
/// </summary>
internal interface IModelStore
{
    /// <summary>The folder in which the files have their names of the repository.</summary>
    string Folder { get; }

    /// <summary>Where the complete content of a file waits.</summary>
    string StagedPath(RepoFile file);

    /// <summary>The lock of those who transfer it.</summary>
    string LockPath(RepoFile file);

    /// <summary>Whether the complete content is here already, waiting or with its name.</summary>
    Task<bool> HasAsync(RepoFile file, FileProgress progress, CancellationToken cancellationToken);

    /// <summary>After a transfer that failed: lets go of what the store keeps beside files of which nothing came.</summary>
    void Abandon(IReadOnlyList<RepoFile> files);

    /// <summary>Gives files their names.</summary>
    void Publish(IReadOnlyList<RepoFile> files);
}
