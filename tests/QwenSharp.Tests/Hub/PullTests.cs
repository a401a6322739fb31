using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>Pulls that go well, from both hubs.</summary>
public sealed class PullTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public async Task A_file_lands_in_the_shared_layout(int length)
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(length);

        PulledModel pulled = await PullAsync(LocalHub.Repo);

        string repo = _folder["hub/models--Qwen--Tiny-GGUF"];
        string blob = Path.Combine(repo, "blobs", LocalHub.Sha256(content));
        Assert.Equal(Path.Combine(repo, "snapshots", LocalHub.Commit, "tiny-q8_0.gguf"), pulled.Path);
        Assert.Equal(content, await File.ReadAllBytesAsync(pulled.Path, Stop));
        Assert.Equal(content, await File.ReadAllBytesAsync(blob, Stop));
        Assert.Equal(LocalHub.Commit, await File.ReadAllTextAsync(Path.Combine(repo, "refs", "main"), Stop));
        Assert.Equal(Path.Combine("..", "..", "blobs", LocalHub.Sha256(content)), new FileInfo(pulled.Path).LinkTarget);
        Assert.Equal([blob], Directory.GetFiles(Path.Combine(repo, "blobs")));
        Assert.Equal((length, length, "Q8_0"), ((int)pulled.Bytes, (int)pulled.ReceivedBytes, pulled.Quant!));
    }

    [Fact]
    public async Task A_large_file_comes_in_ranges_over_several_connections()
    {
        _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(40_000);

        await PullAsync(LocalHub.Repo);

        Assert.Equal(Enumerable.Range(0, 10).Select(range => (long?)range * 4096), _hub.Transfers.Select(request => request.From).Order());
        Assert.Equal(40_000, _hub.Transfers.Sum(request => request.To - request.From + 1));
    }

    [Fact]
    public async Task Files_of_the_same_content_all_arrive_in_a_folder()
    {
        byte[] content = "{}"u8.ToArray();
        foreach (string name in (string[])["config.json", "generation_config.json", "tokenizer_config.json"])
            _hub.Files[name] = content;

        _hub.Files["model.safetensors"] = LocalHub.Content(100);
        _hub.Files.Remove("tiny-q8_0.gguf");
        await PullAsync(LocalHub.Repo, folder: _folder["mine"]);
        await PullAsync(LocalHub.Repo, folder: _folder["mine"]);

        Assert.Equal(
            ["config.json", "generation_config.json", "model.safetensors", "tokenizer_config.json"],
            Directory.GetFileSystemEntries(_folder["mine"]).Select(Path.GetFileName).Order());
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["mine/generation_config.json"], Stop));
    }

    [Fact]
    public async Task What_is_here_is_not_transferred_again()
    {
        _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(10_000);
        await PullAsync(LocalHub.Repo);
        int before = _hub.Transfers.Count();

        PulledModel again = await PullAsync(LocalHub.Repo);

        Assert.Equal((before, 0), (_hub.Transfers.Count(), (int)again.ReceivedBytes));
    }

    [Fact]
    public async Task A_new_commit_shares_what_did_not_change()
    {
        _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(10_000);
        await PullAsync(LocalHub.Repo);
        string next = new('a', 40);
        _hub.Intercept = request => request.IsTransfer ? null : HubReply.Json(Change(_hub.Listing(), listing => listing["sha"] = next));

        PulledModel pulled = await PullAsync(LocalHub.Repo);

        Assert.Equal((next, 0), (pulled.Revision, (int)pulled.ReceivedBytes));
        Assert.Single(Directory.GetFiles(_folder["hub/models--Qwen--Tiny-GGUF/blobs"]));
        Assert.Equal(2, Directory.GetDirectories(_folder["hub/models--Qwen--Tiny-GGUF/snapshots"]).Length);
        Assert.Equal(next, File.ReadAllText(_folder["hub/models--Qwen--Tiny-GGUF/refs/main"]));
    }

    [Fact]
    public async Task All_shards_of_a_split_model_come()
    {
        _hub.Files["Q4_K_M/big-Q4_K_M-00001-of-00002.gguf"] = LocalHub.Content(5000, 1);
        _hub.Files["Q4_K_M/big-Q4_K_M-00002-of-00002.gguf"] = LocalHub.Content(3000, 2);
        _hub.Files["Q8_0/big-Q8_0-00001-of-00002.gguf"] = LocalHub.Content(9000, 3);
        _hub.Files["README.md"] = LocalHub.Content(100);

        PulledModel pulled = await PullAsync(LocalHub.Repo);

        Assert.Equal(["big-Q4_K_M-00001-of-00002.gguf", "big-Q4_K_M-00002-of-00002.gguf"], pulled.Files.Select(Path.GetFileName));
        Assert.Equal(pulled.Files[0], pulled.Path);
        Assert.All(pulled.Files, path => Assert.True(File.Exists(path)));
    }

    [Fact]
    public async Task A_checkpoint_comes_without_pickles_and_other_runtimes()
    {
        string[] wanted =
        [
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "merges.txt",
            "chat_template.jinja",
            "model.safetensors",
        ];
        foreach (
            string name in wanted.Concat([
                "pytorch_model.bin",
                "model.pth",
                "onnx/model.json",
                "README.md",
                ".gitattributes",
                "picture.png",
            ]))
        {
            _hub.Files[name] = LocalHub.Content(300, name.Length);
        }

        PulledModel pulled = await PullAsync(LocalHub.Repo);

        Assert.Equal(wanted.Order(), Directory.GetFiles(pulled.Path).Select(Path.GetFileName).Order());
        Assert.Equal(_hub.Files["config.json"], File.ReadAllBytes(Path.Combine(pulled.Path, "config.json")));
        Assert.True(File.Exists(_folder[$"hub/models--Qwen--Tiny-GGUF/blobs/{LocalHub.GitBlob(_hub.Files["config.json"])}"]));
    }

    [Fact]
    public async Task ModelScope_has_a_layout_of_its_own()
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(20_000);
        _hub.Intercept = request => request.Path.Contains("api/models", StringComparison.Ordinal) ? HubReply.Status(500) : null;

        PulledModel pulled = await PullAsync(LocalHub.Repo, HubKind.ModelScope);

        Assert.Equal(_folder["modelscope/models/Qwen/Tiny-GGUF/tiny-q8_0.gguf"], pulled.Path);
        Assert.Equal(content, File.ReadAllBytes(pulled.Path));
        Assert.Equal([pulled.Path], Directory.GetFileSystemEntries(_folder["modelscope/models/Qwen/Tiny-GGUF"]));
        Assert.All(_hub.Transfers, request => Assert.Contains("Revision=master", request.Query));
    }

    [Theory]
    [InlineData(HubKind.HuggingFace)]
    [InlineData(HubKind.ModelScope)]
    public async Task A_folder_of_ones_own_gets_plain_files(HubKind hub)
    {
        byte[] content = _hub.Files["sub/tiny-q8_0.gguf"] = LocalHub.Content(9000);
        string folder = _folder["mine"];

        PulledModel pulled = await PullAsync(LocalHub.Repo, hub, folder);
        int transfers = _hub.Transfers.Count();
        PulledModel again = await PullAsync(LocalHub.Repo, hub, folder);
        File.WriteAllBytes(pulled.Path, new byte[9000]);
        PulledModel repaired = await PullAsync(LocalHub.Repo, hub, folder);

        Assert.Equal(Path.Combine(folder, "sub", "tiny-q8_0.gguf"), pulled.Path);
        Assert.Equal((0, 9000), ((int)again.ReceivedBytes, (int)repaired.ReceivedBytes));
        Assert.Equal(content, File.ReadAllBytes(pulled.Path));
        Assert.Equal([Path.Combine(folder, "sub")], Directory.GetFileSystemEntries(folder));
        Assert.Equal(2 * transfers, _hub.Transfers.Count());
    }

    [Fact]
    public async Task Where_there_are_no_links_the_files_lie_in_the_snapshot()
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(5000);
        HubOptions options = _hub.Options(_folder) with { SymbolicLinks = false };
        using HubClient client = new(options);

        PulledModel pulled = await client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: Stop);
        PulledModel again = await client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: Stop);

        Assert.Null(new FileInfo(pulled.Path).LinkTarget);
        Assert.Equal(content, File.ReadAllBytes(pulled.Path));
        Assert.Empty(Directory.GetFiles(_folder["hub/models--Qwen--Tiny-GGUF/blobs"]));
        Assert.Equal(0, again.ReceivedBytes);
        Assert.Equal(pulled.Path, new ModelCache(options).Find(ModelReference.Parse(LocalHub.Repo))!.Path);
    }

    [Fact]
    public async Task A_revision_is_asked_for_and_remembered()
    {
        _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(500);
        using HubClient client = new(_hub.Options(_folder));

        await client.PullAsync(ModelReference.Parse(LocalHub.Repo) with { Revision = "refs/pr/1" }, cancellationToken: Stop);

        Assert.Equal($"/api/models/{LocalHub.Repo}/revision/refs%2Fpr%2F1", _hub.Requests.First().Path);
        Assert.Equal(LocalHub.Commit, File.ReadAllText(_folder["hub/models--Qwen--Tiny-GGUF/refs/refs/pr/1"]));
        Assert.All(_hub.Transfers, request => Assert.Contains($"/resolve/{LocalHub.Commit}/", request.Path));
    }

    [Fact]
    public async Task One_file_of_an_address_comes_alone()
    {
        _hub.Files["a-Q4_0.gguf"] = LocalHub.Content(500);
        _hub.Files["b-Q4_0.gguf"] = LocalHub.Content(700, 2);

        PulledModel pulled = await PullAsync($"{_hub.Address}{LocalHub.Repo}/resolve/main/b-Q4_0.gguf");

        Assert.Equal("b-Q4_0.gguf", Path.GetFileName(Assert.Single(pulled.Files)));
    }

    [Fact]
    public async Task Progress_ends_with_every_byte_received_and_every_byte_checked()
    {
        _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(30_000);
        Collected progress = new();
        using HubClient client = new(_hub.Options(_folder));

        await client.PullAsync(ModelReference.Parse(LocalHub.Repo), progress: progress, cancellationToken: Stop);

        Assert.Equal(30_000, progress.Reports.Where(report => report.Phase == PullPhase.Transferring).Max(report => report.Done));
        Assert.Equal(new PullProgress("tiny-q8_0.gguf", PullPhase.Checking, 30_000, 30_000), progress.Reports.Last());
    }

    [Fact]
    public async Task Two_pulls_at_once_transfer_a_file_once()
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(50_000);
        TaskCompletionSource waiting = new();
        _hub.Intercept = request =>
            request.From == 0 ? HubReply.Content(content, request) with { BreakAfter = 0, Hold = waiting.Task } : null;
        Collected progress = new() { On = report => report.Phase == PullPhase.Waiting ? waiting : null };

        // Whichever of the two takes the lock holds on to its first range until the other one waits for the lock.
        using HubClient one = new(_hub.Options(_folder)), other = new(_hub.Options(_folder));
        progress.Told.Task.GetAwaiter().OnCompleted(() => _hub.Intercept = _ => null);
        PulledModel[] pulled = await Task.WhenAll(
            one.PullAsync(ModelReference.Parse(LocalHub.Repo), progress: progress, cancellationToken: Stop),
            other.PullAsync(ModelReference.Parse(LocalHub.Repo), progress: progress, cancellationToken: Stop));

        Assert.Equal(50_000, pulled.Sum(model => model.ReceivedBytes));
        Assert.Equal(content, File.ReadAllBytes(pulled[0].Path));
    }

    [Fact]
    public async Task Offline_means_no_request()
    {
        using HubClient client = new(_hub.Options(_folder) with { Offline = true });

        HubException refused = await Assert.ThrowsAsync<HubException>(() =>
            client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: Stop));

        Assert.Contains("HF_HUB_OFFLINE", refused.Message);
        Assert.Empty(_hub.Requests);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static T Change<T>(T value, Action<T> change)
    {
        change(value);
        return value;
    }

    private async Task<PulledModel> PullAsync(string name, HubKind? hub = null, string? folder = null)
    {
        HubOptions options = _hub.Options(_folder);
        using HubClient client = new(options);
        ModelReference model = ModelReference.Parse(name, options);
        return await client.PullAsync(model with { Hub = hub ?? model.Hub }, folder, cancellationToken: Stop);
    }

    private sealed class Collected : IProgress<PullProgress>
    {
        public System.Collections.Concurrent.ConcurrentQueue<PullProgress> Reports { get; } = [];

        public Func<PullProgress, TaskCompletionSource?> On { get; init; } = _ => null;

        public TaskCompletionSource Told { get; } = new();

        public void Report(PullProgress value)
        {
            Reports.Enqueue(value);
            if (On(value) is { } source)
            {
                Told.TrySetResult();
                source.TrySetResult();
            }
        }
    }
}
