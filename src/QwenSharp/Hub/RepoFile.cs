namespace QwenSharp.Hub;

/// <summary>A file of a repository as its hub lists it.</summary>
/// <param name="Path">Its path in the repository, with slashes.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Hash">What its content must hash to; null where the hub does not say.</param>
public sealed record RepoFile(string Path, long Size, ContentHash? Hash);

/// <summary>The files of a repository at one revision.</summary>
/// <param name="Repo">ORG/NAME.</param>
/// <param name="Revision">What was asked for: a branch, a tag or a commit.</param>
/// <param name="Commit">The commit it stands for; the revision itself where the hub does not say.</param>
/// <param name="Files">All files.</param>
internal sealed record RepoListing(string Repo, string Revision, string Commit, IReadOnlyList<RepoFile> Files);
