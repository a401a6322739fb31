using System.Text.Json;

namespace QwenSharp.Hub;

/// <summary>
/// Hugging Face: <c>/api/models/REPO/revision/REV?blobs=true</c> gives the commit and every file with its length and hash,
/// <c>/REPO/resolve/COMMIT/FILE</c> its content, directly or by a redirect to the storage (https://huggingface.co/docs/hub/api).
/// </summary>
internal sealed class HuggingFaceHub(HttpClient client, HubOptions options) : IHub
{
    public HubHttp Http { get; } =
        new(
            new HubSite(
                "Hugging Face",
                options.HuggingFaceEndpoint,
                options.HuggingFaceToken,
                "HF_TOKEN",
                "https://huggingface.co/settings/tokens"
            ),
            client,
            options);

    public string DefaultRevision => "main";

    public async Task<RepoListing> ListAsync(string repo, string revision, CancellationToken cancellationToken)
    {
        Uri address = Http.Site.At($"api/models/{repo}/revision/{Uri.EscapeDataString(revision)}?blobs=true");
        using JsonDocument document = await Http.GetJsonAsync(address, repo, $"{repo} at '{revision}'", cancellationToken)
            .ConfigureAwait(false);
        JsonElement root = document.RootElement;
        if (root.Text("sha") is not { } commit || !RepoNames.IsCommit(commit) || root.Items("siblings") is not { } siblings)
        {
            throw new HubException(
                $"{Http.Site.Endpoint} answered for {repo} with JSON that lists no files of a commit. Is it Hugging Face or a mirror of it?"
            );
        }

        return new RepoListing(repo, revision, commit.ToLowerInvariant(), [.. siblings.Select(file => File(repo, file))]);
    }

    public Uri AddressOf(RepoListing listing, RepoFile file) =>
        Http.Site.At($"{listing.Repo}/resolve/{listing.Commit}/{RepoNames.Escape(file.Path)}");

    private RepoFile File(string repo, JsonElement sibling)
    {
        // A large file is a Git LFS pointer in Git: what counts is the length and the hash of what it points to.
        JsonElement? large = sibling.Field("lfs") is { ValueKind: JsonValueKind.Object } lfs ? lfs : null;
        return JsonFields.CheckedFile(
            Http.Site,
            repo,
            sibling.Text("rfilename"),
            large?.Number("size") ?? sibling.Number("size"),
            ContentHash.Parse(large is { } pointed ? pointed.Text("sha256") : sibling.Text("blobId")));
    }
}
