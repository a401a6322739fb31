namespace QwenSharp.Hub;

/// <summary>The protocol of a hub.</summary>
internal interface IHub
{
    /// <summary>Requests to it.</summary>
    HubHttp Http { get; }

    /// <summary>The revision for when none is asked for.</summary>
    string DefaultRevision { get; }

    /// <summary>Lists the files of a repository.</summary>
    /// <exception cref="HubException">The hub refuses, cannot be reached, or answers with what is no list.</exception>
    Task<RepoListing> ListAsync(string repo, string revision, CancellationToken cancellationToken);

    /// <summary>Where the content of a file is.</summary>
    Uri AddressOf(RepoListing listing, RepoFile file);
}
