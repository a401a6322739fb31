using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Hub;

namespace QwenSharp.Tests.Hub;

/// <summary>Hubs, networks and disks that misbehave.</summary>
public sealed class TransferFaultTests : IDisposable
{
    private const string File = "tiny-q8_0.gguf";

    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub = new();
    private readonly byte[] _content = LocalHub.Content(30_000);

    public TransferFaultTests() => _hub.Files[File] = _content;

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_taken_up_where_it_broke()
    {
        HashSet<long?> broken = [];
        _hub.Intercept = request =>
        {
            lock (broken)
            {
                return request.IsTransfer && request.From % 4096 == 0 && broken.Add(request.From)
                    ? HubReply.Content(_content, request) with
                    {
                        BreakAfter = 1000,
                    }
                    : null;
            }
        };

        PulledModel pulled = await PullAsync();

        Assert.Equal(_content, System.IO.File.ReadAllBytes(pulled.Path));
        Assert.Equal(
            Enumerable.Range(0, 8).SelectMany(range => (long?[])[range * 4096, range * 4096 + 1000]),
            _hub.Transfers.Select(request => request.From).Order());
    }

    [Fact]
    public async Task A_server_that_is_always_gone_after_a_few_bytes_still_gives_the_file_in_the_end()
    {
        _hub.Intercept = request => request.IsTransfer ? HubReply.Content(_content, request) with { BreakAfter = 300 } : null;

        Assert.Equal(_content, System.IO.File.ReadAllBytes((await PullAsync()).Path));
    }

    [Fact]
    public async Task Attempts_without_progress_end_with_longer_and_longer_pauses()
    {
        _hub.Intercept = request => request.IsTransfer ? HubReply.Status(503) : null;
        InstantTime time = new();

        HubException failure = await FailAsync(options => options with { Time = time, Connections = 1 });

        Assert.Contains("503", failure.Message);
        Assert.Contains("6 attempts", failure.Message);
        Assert.Equal([0.5, 1, 2, 4, 8], time.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("new/deep")]
    [InlineData("there")]
    public async Task A_pull_of_which_nothing_came_leaves_no_folders(string? folder)
    {
        Directory.CreateDirectory(_folder["there"]);
        _hub.Intercept = request => request.IsTransfer ? HubReply.Status(503) : null;
        using HubClient client = new(_hub.Options(_folder) with { Time = new InstantTime() });

        await Assert.ThrowsAsync<HubException>(() =>
            client.PullAsync(ModelReference.Parse(LocalHub.Repo), folder is null ? null : _folder[folder], cancellationToken: Stop));

        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF"]));
        Assert.False(Directory.Exists(_folder["new"]));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["there"]));
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("Sun, 22 Nov 2026 04:00:30 GMT", 30)]
    [InlineData("Sun, 22 Nov 2026 03:00:00 GMT", 0.5)]
    public async Task Too_many_requests_are_answered_with_the_pause_asked_for(string retryAfter, double seconds)
    {
        bool refused = false;
        _hub.Intercept = request => request.IsTransfer || refused ? null : Refuse();
        InstantTime time = new();

        await PullAsync(options => options with { Time = time });

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(time.Pauses));

        HubReply Refuse()
        {
            refused = true;
            return HubReply.Status(429).With("Retry-After", retryAfter);
        }
    }

    [Fact]
    public async Task A_pause_of_hours_is_left_to_the_person()
    {
        _hub.Intercept = _ => HubReply.Status(429).With("Retry-After", "7200");

        HubException failure = await FailAsync();

        Assert.Contains("120 minutes", failure.Message);
        Assert.Contains("HF_TOKEN", failure.Message);
        Assert.Single(_hub.Requests);
    }

    [Theory]
    [InlineData(401, null, "put a token from https://huggingface.co/settings/tokens into HF_TOKEN")]
    [InlineData(401, "hf_secret", "the token in HF_TOKEN")]
    [InlineData(403, null, "accept its licence at")]
    [InlineData(403, "hf_secret", "account whose token is in HF_TOKEN")]
    [InlineData(404, null, "has no Qwen/Tiny-GGUF")]
    [InlineData(400, null, "answered 400")]
    public async Task A_refusal_says_what_to_do(int status, string? token, string advice)
    {
        _hub.Intercept = _ => HubReply.Status(status);

        HubException failure = await FailAsync(options => options with { HuggingFaceToken = token });

        Assert.Contains(advice, failure.Message);
        Assert.Equal(
            status is 403 or 404 || (status, token) is (401, null),
            failure.Message.Contains($"{_hub.Address}{LocalHub.Repo}", StringComparison.Ordinal));
        Assert.DoesNotContain("secret", failure.Message);
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public async Task ModelScope_gets_its_own_token_and_names_its_own_page()
    {
        _hub.Intercept = _ => HubReply.Status(403);
        using HubClient client = new(_hub.Options(_folder) with { HuggingFaceToken = "hf_secret", ModelScopeToken = "ms_secret" });

        HubException failure = await Assert.ThrowsAsync<HubException>(() =>
            client.PullAsync(ModelReference.Parse(LocalHub.Repo) with { Hub = HubKind.ModelScope }, cancellationToken: Stop));

        Assert.Contains($"{_hub.Address}models/{LocalHub.Repo}", failure.Message);
        Assert.Contains("MODELSCOPE_API_TOKEN", failure.Message);
        Assert.Equal("Bearer ms_secret", Assert.Single(_hub.Requests).Token);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_not_where_it_redirects_to()
    {
        using LocalHub storage = new();
        storage.Intercept = request => HubReply.Content(_content, request);
        _hub.Intercept = request =>
            request.IsTransfer
                ? HubReply
                    .Redirect($"{storage.Address}{request.Path[1..]}?signature=1")
                    .With("X-Linked-ETag", $"\"{LocalHub.Sha256(_content)}\"")
                : null;

        PulledModel pulled = await PullAsync(options => options with { HuggingFaceToken = "hf_secret" });

        Assert.Equal(_content, System.IO.File.ReadAllBytes(pulled.Path));
        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Token));
        Assert.NotEmpty(storage.Requests);
        Assert.All(storage.Requests, request => Assert.Null(request.Token));
    }

    [Fact]
    public async Task A_relative_redirect_stays_on_the_hub()
    {
        _hub.Intercept = request =>
            request.IsTransfer ? HubReply.Redirect("/elsewhere")
            : request.Path == "/elsewhere" ? HubReply.Content(_content, request)
            : null;

        await PullAsync(options => options with { HuggingFaceToken = "hf_secret" });

        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Token));
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        _hub.Intercept = request => request.IsTransfer ? HubReply.Redirect(request.Path) : null;

        Assert.Contains("circles", (await FailAsync()).Message);
    }

    [Fact]
    public async Task A_link_of_the_storage_that_expired_is_asked_for_again()
    {
        using LocalHub storage = new();
        int expired = 0;
        storage.Intercept = request => Interlocked.Increment(ref expired) == 1 ? HubReply.Status(403) : HubReply.Content(_content, request);
        _hub.Intercept = request => request.IsTransfer ? HubReply.Redirect($"{storage.Address}x") : null;

        Assert.Equal(_content, System.IO.File.ReadAllBytes((await PullAsync()).Path));
    }

    [Fact]
    public async Task A_server_without_ranges_gives_the_file_in_one_piece()
    {
        int answered = 0;
        _hub.Intercept = request => request.IsTransfer
            ? new HubReply(200, [], _content) with { BreakAfter = Interlocked.Increment(ref answered) <= 6 ? 5000 : null }
            : null;

        PulledModel pulled = await PullAsync(options => options with { Connections = 2 });

        Assert.Equal(_content, System.IO.File.ReadAllBytes(pulled.Path));
        Assert.Equal(_content.Length, pulled.ReceivedBytes);
    }

    [Fact]
    public async Task Corrupt_bytes_are_noticed_and_thrown_away()
    {
        byte[] corrupt = [.. _content];
        corrupt[12_345] ^= 1;
        _hub.Intercept = request => request.IsTransfer ? HubReply.Content(corrupt, request) : null;

        HubException failure = await FailAsync();

        Assert.Contains("SHA-256", failure.Message);
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF"]));
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF/snapshots"]));

        _hub.Intercept = _ => null;
        Assert.Equal(_content, System.IO.File.ReadAllBytes((await PullAsync()).Path));
    }

    [Fact]
    public async Task Corrupt_bytes_of_a_small_file_are_noticed_by_Gits_hash()
    {
        _hub.IsLarge = _ => false;
        _hub.Intercept = request => request.IsTransfer ? HubReply.Content(LocalHub.Content(30_000, 9), request) : null;

        Assert.Contains("SHA-1", (await FailAsync()).Message);
    }

    [Theory]
    [InlineData(29_999)]
    [InlineData(30_001)]
    public async Task Another_length_than_listed_is_refused(int length)
    {
        byte[] other = LocalHub.Content(length);
        _hub.Intercept = request => request.IsTransfer ? HubReply.Content(other, request) : null;

        HubException failure = await FailAsync();

        Assert.Contains("30000 bytes", failure.Message);
        AssertNothingFinished();
    }

    [Fact]
    public async Task Another_range_than_asked_for_is_refused()
    {
        _hub.Intercept = request =>
            request.IsTransfer ? new HubReply(206, [], _content[..4096]).With("Content-Range", "bytes 0-4095/30000") : null;

        Assert.Contains("were asked for", (await FailAsync()).Message);
        AssertNothingFinished();
    }

    [Fact]
    public async Task A_file_that_changes_on_the_way_is_started_over_by_the_next_pull()
    {
        int answered = 0;
        _hub.IsLarge = _ => false;
        _hub.Intercept = request =>
            request.IsTransfer
                ? HubReply.Content(_content, request).With("ETag", Interlocked.Increment(ref answered) <= 3 ? "\"one\"" : "\"two\"")
                : null;

        HubException failure = await FailAsync(options => options with { Connections = 1 });

        Assert.Contains("changed", failure.Message);
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF"]));
    }

    [Theory]
    [InlineData(true, "instead of tiny-q8_0.gguf")]
    [InlineData(false, "where Hugging Face answers with JSON")]
    public async Task A_login_page_is_no_file_and_no_list(bool transfer, string said)
    {
        _hub.Intercept = request =>
            request.IsTransfer == transfer ? HubReply.Text("<html>Welcome to our WiFi</html>", "text/html; charset=utf-8") : null;

        Assert.Contains(said, (await FailAsync()).Message);
        AssertNothingFinished();
    }

    [Fact]
    public async Task Silence_counts_as_a_break()
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task forever = Task.Delay(Timeout.Infinite, over.Token);
        bool silent = false;
        _hub.Intercept = request =>
            request.IsTransfer && request.From == 8192 && !silent && (silent = true)
                ? HubReply.Content(_content, request) with
                {
                    BreakAfter = 100,
                    Hold = forever,
                }
                : null;

        PulledModel pulled = await PullAsync(options => options with { StallTimeout = TimeSpan.FromMilliseconds(300) });
        await over.CancelAsync();

        Assert.True(silent);
        Assert.Equal(_content, System.IO.File.ReadAllBytes(pulled.Path));
    }

    [Fact]
    public async Task A_hub_that_cannot_be_reached_is_named()
    {
        Uri nobody;
        using (LocalHub gone = new())
            nobody = gone.Address;

        InstantTime time = new();
        HubException failure = await FailAsync(options => options with { HuggingFaceEndpoint = nobody, Time = time });

        // A person without a network is told so at once, and what works without one.
        Assert.Contains("127.0.0.1 cannot be reached", failure.Message);
        Assert.Contains("A model that is on this machine already runs without it.", failure.Message);
        Assert.Equal(TimeSpan.FromSeconds(0.5), Assert.Single(time.Pauses));

        PulledModel pulled = await PullAsync();
        failure = await FailAsync(options => options with { HuggingFaceEndpoint = nobody, Time = new InstantTime() });

        Assert.Contains($"is on this machine already, and runs without it: {pulled.Path}", failure.Message);
    }

    [Fact]
    public async Task Cancelling_keeps_what_has_come()
    {
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        _hub.Intercept = request =>
        {
            if (request.From >= 16_384)
                cancel.Cancel();

            return null;
        };
        using HubClient client = new(_hub.Options(_folder) with { Connections = 1 });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: cancel.Token));
        AssertNothingFinished();
        _hub.Intercept = _ => null;
        PulledModel pulled = await PullAsync();

        Assert.Equal(_content, System.IO.File.ReadAllBytes(pulled.Path));
        Assert.InRange(pulled.ReceivedBytes, 1, _content.Length - 16_384);
    }

    [Fact]
    public async Task Too_little_room_is_said_before_anything_comes()
    {
        HubException failure = await FailAsync(options => options with { FreeSpace = _ => 20_000 });

        Assert.Contains("disk is full", failure.Message);
        Assert.Empty(_hub.Transfers);
    }

    [Fact]
    public async Task A_disk_that_runs_full_keeps_the_part_and_says_so()
    {
        Assert.SkipUnless(System.IO.File.Exists("/dev/full"), "Only Linux has a device that is always full.");
        string part = _folder[$"hub/models--Qwen--Tiny-GGUF/blobs/{LocalHub.Sha256(_content)}.part"];
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        System.IO.File.CreateSymbolicLink(part, "/dev/full");

        HubException failure = await FailAsync();

        Assert.Contains("The disk is full", failure.Message);
        Assert.True(System.IO.File.Exists(part));
        AssertNothingFinished();
    }

    [Fact]
    public void Free_room_is_known_for_folders_that_are_yet_to_come() => Assert.True(DiskSpace.FreeAt(_folder["a/b/c/file"]) > 0);

    [Theory]
    [InlineData(30_000)]
    [InlineData(1000)]
    public async Task More_bytes_than_listed_are_refused_for_large_and_small_files(int rangeSize)
    {
        _hub.Intercept = request => request.IsTransfer ? new HubReply(200, new() { ["Content-Length"] = "" }, [.. _content, 1]) : null;

        Assert.Contains("more than the 30000 bytes", (await FailAsync(options => options with { RangeSize = rangeSize })).Message);
        AssertNothingFinished();
    }

    [Theory]
    [InlineData("../../../../evil-Q8_0.gguf")]
    [InlineData("/etc/evil-Q8_0.gguf")]
    [InlineData("a/./evil-Q8_0.gguf")]
    [InlineData("a//evil-Q8_0.gguf")]
    [InlineData("a\\..\\evil-Q8_0.gguf")]
    [InlineData("C:evil-Q8_0.gguf")]
    [InlineData("evil\n-Q8_0.gguf")]
    [InlineData("")]
    public async Task A_name_that_would_leave_the_folder_is_refused(string name)
    {
        _hub.Files.Clear();
        _hub.Files[name] = _content;

        foreach (HubKind hub in Enum.GetValues<HubKind>())
        {
            using HubClient client = new(_hub.Options(_folder));
            HubException failure = await Assert.ThrowsAsync<HubException>(() =>
                client.PullAsync(ModelReference.Parse(LocalHub.Repo) with { Hub = hub }, _folder["to"], cancellationToken: Stop));
            Assert.Contains("not safe to write", failure.Message);
        }

        Assert.False(Directory.Exists(_folder["to"]));
        Assert.Empty(_hub.Transfers);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"sha\": 1, \"siblings\": []}")]
    [InlineData("{\"sha\": \"../../x\", \"siblings\": []}")]
    [InlineData("{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": {}}")]
    [InlineData("{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [1]}")]
    [InlineData("{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a-Q8_0.gguf\"}]}")]
    [InlineData("{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a-Q8_0.gguf\", \"size\": -1}]}")]
    [InlineData(
        "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a-Q8_0.gguf\", \"size\": 1e30}]}")]
    [InlineData(
        "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": [{\"rfilename\": \"a-Q8_0.gguf\", \"size\": 5, \"lfs\": "
            + "{\"sha256\": \"../../../x\"}}]}"
    )]
    [InlineData("{\"sha\": \"0123456789abcdef0123456789abcdef01234567\", \"siblings\": []}")]
    [InlineData("{\"sha\": ")]
    [InlineData("\u0000")]
    public async Task A_list_that_is_none_is_one_clear_error(string json)
    {
        _hub.Intercept = request => request.IsTransfer ? null : HubReply.Text(json, "application/json");

        Assert.NotEmpty((await FailAsync()).Message);
        Assert.Empty(_hub.Transfers);
    }

    [Fact]
    public async Task Deep_nesting_and_damage_of_any_kind_end_in_the_same_exception()
    {
        Random random = new(7);
        byte[] valid = Encoding.UTF8.GetBytes(_hub.Listing().ToJsonString());
        byte[]? answer = null;
        _hub.Intercept = request =>
            request.IsTransfer ? HubReply.Status(404) : new HubReply(200, new() { ["Content-Type"] = "application/json" }, answer!);
        using HubClient client = new(_hub.Options(_folder));
        for (int round = 0; round < 300; round++)
        {
            answer = [.. valid];
            for (int change = random.Next(1, 8); change > 0; change--)
                answer[random.Next(answer.Length)] = (byte)random.Next(256);
            if (round % 10 == 0)
                answer = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"siblings\":[", 1 + round)));

            await Assert.ThrowsAsync<HubException>(() => client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: Stop));
        }

        Assert.Empty(Directory.Exists(_folder["hub"]) ? Directory.GetFiles(_folder["hub"], "*.gguf", SearchOption.AllDirectories) : []);
    }

    [Fact]
    public async Task ModelScopes_own_words_are_passed_on()
    {
        _hub.Intercept = _ => HubReply.Json(new JsonObject { ["Code"] = 10010205001, ["Message"] = "the model does not exist" });
        using HubClient client = new(_hub.Options(_folder));

        HubException failure = await Assert.ThrowsAsync<HubException>(() =>
            client.PullAsync(ModelReference.Parse(LocalHub.Repo) with { Hub = HubKind.ModelScope }, cancellationToken: Stop));

        Assert.Contains("the model does not exist", failure.Message);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private void AssertNothingFinished()
    {
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF/snapshots"]));
        Assert.False(System.IO.File.Exists(_folder[$"hub/models--Qwen--Tiny-GGUF/blobs/{LocalHub.Sha256(_content)}"]));
        Assert.Null(new ModelCache(_hub.Options(_folder)).Find(ModelReference.Parse(LocalHub.Repo)));
    }

    private async Task<PulledModel> PullAsync(Func<HubOptions, HubOptions>? change = null)
    {
        HubOptions options = _hub.Options(_folder);
        using HubClient client = new(change?.Invoke(options) ?? options);
        return await client.PullAsync(ModelReference.Parse(LocalHub.Repo), cancellationToken: Stop);
    }

    private Task<HubException> FailAsync(Func<HubOptions, HubOptions>? change = null) =>
        Assert.ThrowsAsync<HubException>(() => PullAsync(change));
}
