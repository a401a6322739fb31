using System.Text.Json;

namespace QwenSharp.Hub;

/// <summary>
/// ModelScope: <c>/api/v1/models/REPO/repo/files?Revision=REV&amp;Recursive=true</c> lists the files with length and SHA-256,
/// <c>/api/v1/models/REPO/repo?Revision=REV&amp;FilePath=FILE</c> gives the content (https://modelscope.cn/docs/models/download).
/// </summary>
internal sealed class ModelScopeHub(HttpClient client, HubOptions options) : IHub
{
    private const int Success = 200;

    public HubHttp Http { get; } =
        new(
            new HubSite(
                "ModelScope",
                options.ModelScopeEndpoint,
                options.ModelScopeToken,
                "MODELSCOPE_API_TOKEN",
                "https://modelscope.cn/my/myaccesstoken",
                Pages: "models/"),
            client,
            options);

    public string DefaultRevision => "master";

    public async Task<RepoListing> ListAsync(string repo, string revision, CancellationToken cancellationToken)
    {
        Uri address = Http.Site.At($"api/v1/models/{repo}/repo/files?Revision={Uri.EscapeDataString(revision)}&Recursive=true");
        using JsonDocument document = await Http.GetJsonAsync(address, repo, $"{repo} at '{revision}'", cancellationToken)
            .ConfigureAwait(false);
        JsonElement root = document.RootElement;
        if (root.Number("Code") is { } code and not Success)
            throw new HubException($"ModelScope does not list {repo} at '{revision}': {root.Text("Message") ?? $"code {code}"}.");
        if (root.Field("Data")?.Items("Files") is not { } files)
        {
            throw new HubException(
                $"{Http.Site.Endpoint} answered for {repo} with JSON that lists no files. Is it ModelScope or a mirror of it?");
        }

        return new RepoListing(
            repo,
            revision,
            revision,
            [.. files.Where(file => file.Text("Type") != "tree").Select(file => File(repo, file))]);
    }

    public Uri AddressOf(RepoListing listing, RepoFile file) =>
        Http.Site.At(
            $"api/v1/models/{listing.Repo}/repo?Revision={Uri.EscapeDataString(listing.Commit)}&FilePath={Uri.EscapeDataString(file.Path)}"
        );

    private RepoFile File(string repo, JsonElement file) =>
        JsonFields.CheckedFile(Http.Site, repo, file.Text("Path"), file.Number("Size"), ContentHash.Parse(file.Text("Sha256")));
}
