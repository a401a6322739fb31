using QwenSharp.Faults;
using QwenSharp.Hub;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Http;
using QwenSharp.Server.Models;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.Catalog;

/// <summary>Models come when they are asked for and go when nobody needs them, whoever asks, leaves or fails meanwhile.</summary>
public sealed class ModelCatalogTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private readonly StubLoader _loader = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_loaded_when_it_is_asked_for_and_goes_when_nobody_has_for_a_while()
    {
        await using ModelCatalog catalog = Of("a");

        using (ModelLease lease = await catalog.AcquireAsync("a", Stop))
        {
            Assert.Equal("a", lease.Model.Id);
            _time.Advance(60 * Minute);
            Assert.Equal(["a"], _loader.Loaded);
        }

        _time.Advance(4 * Minute);
        Assert.Equal(_time.GetUtcNow() + Minute, Assert.Single(catalog.Loaded).Expires);
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        _time.Advance(4 * Minute);
        Assert.Equal(["a"], _loader.Loaded);
        _time.Advance(Minute);
        await UntilAsync(() => _loader.Loaded.Count == 0);
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        Assert.Equal(["a", "a"], _loader.Loads);
    }

    [Fact]
    public async Task Who_asks_meanwhile_waits_for_the_same_load_and_may_leave()
    {
        await using ModelCatalog catalog = Of("a");
        using ManualResetEventSlim go = new();
        _loader.OnLoad = _ => go.Wait(Stop);
        using CancellationTokenSource leaves = new();

        Task<ModelLease> first = catalog.AcquireAsync("a", Stop);
        Task<ModelLease> second = catalog.AcquireAsync("a", leaves.Token);
        Task<ModelLease> third = catalog.AcquireAsync("a", Stop);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(first.IsCompleted);
        go.Set();

        (await first).Dispose();
        (await third).Dispose();
        Assert.Single(_loader.Loads);
        _time.Advance(5 * Minute);
        await UntilAsync(() => _loader.Loaded.Count == 0);
    }

    [Fact]
    public async Task A_load_that_everybody_has_left_ends_and_the_model_goes_as_any_other()
    {
        await using ModelCatalog catalog = Of("a");
        using ManualResetEventSlim go = new();
        _loader.OnLoad = _ => go.Wait(Stop);
        using CancellationTokenSource leaves = new();
        Task<ModelLease> only = catalog.AcquireAsync("a", leaves.Token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => only);

        go.Set();

        await UntilAsync(() => catalog.Loaded is [{ Expires: not null }]);
        _time.Advance(5 * Minute);
        await UntilAsync(() => _loader.Loaded.Count == 0);
    }

    [Fact]
    public async Task A_failed_load_is_told_to_all_who_asked_and_tried_again_for_the_next()
    {
        await using ModelCatalog catalog = Of("a");
        using ManualResetEventSlim go = new();
        _loader.OnLoad = _ =>
        {
            go.Wait(Stop);
            throw new IOException("The file is damaged.");
        };
        Task<ModelLease>[] asked = [catalog.AcquireAsync("a", Stop), catalog.AcquireAsync("a", Stop)];
        go.Set();

        foreach (Task<ModelLease> one in asked)
        {
            HttpFault fault = await Assert.ThrowsAsync<HttpFault>(() => one);
            Assert.Equal((500, HttpFaultKind.LoadFailed), (fault.Status, fault.Kind));
            Assert.Contains("'a' could not be loaded: The file is damaged.", fault.Message);
        }

        _loader.OnLoad = _ => { };
        (await catalog.AcquireAsync("a", Stop)).Dispose();
    }

    [Fact]
    public async Task Models_in_use_answer_while_another_is_loaded_and_one_is_loaded_at_a_time()
    {
        await using ModelCatalog catalog = Of("a", "b", "c");
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        using ManualResetEventSlim go = new();
        _loader.OnLoad = _ => go.Wait(Stop);

        Task<ModelLease> b = catalog.AcquireAsync("b", Stop), c = catalog.AcquireAsync("c", Stop);
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        Assert.False(b.IsCompleted || c.IsCompleted);
        go.Set();

        (await b).Dispose();
        (await c).Dispose();
        Assert.Equal(1, _loader.MostAtOnce);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_idle_model_that_was_not_asked_for_for_the_longest_time_makes_room(bool foresees)
    {
        _loader.Room = 2;
        _loader.Foresees = foresees;
        await using ModelCatalog catalog = Of("a", "b", "c", "d");
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        (await catalog.AcquireAsync("b", Stop)).Dispose();
        (await catalog.AcquireAsync("a", Stop)).Dispose();

        using ModelLease c = await catalog.AcquireAsync("c", Stop);

        Assert.Equal(["a", "c"], _loader.Loaded);
        using ModelLease a = await catalog.AcquireAsync("a", Stop);
        HttpFault full = await Assert.ThrowsAsync<HttpFault>(() => catalog.AcquireAsync("d", Stop));
        Assert.Equal((503, HttpFaultKind.NoRoom), (full.Status, full.Kind));
        Assert.Contains("'d' has no room in memory beside a, c, which are in use", full.Message);
        a.Dispose();
        (await catalog.AcquireAsync("d", Stop)).Dispose();
        Assert.Equal(["c", "d"], _loader.Loaded);
    }

    [Fact]
    public async Task What_the_server_starts_with_stays()
    {
        _loader.Room = 1;
        await using ModelCatalog catalog = Of("b");
        await catalog.StartAsync(new ModelDescription("given", _folder["a.gguf"], new QwenModelOptions(), Stays: true));

        (await catalog.AcquireAsync("a", Stop)).Dispose();
        _time.Advance(600 * Minute);
        await catalog.UnloadAsync(catalog.Find("a"), Stop);

        Assert.Equal(503, (await Assert.ThrowsAsync<HttpFault>(() => catalog.AcquireAsync("b", Stop))).Status);
        Assert.Equal(["a"], _loader.Loaded);
        (await catalog.AcquireAsync((string?)null, Stop)).Dispose();
    }

    [Fact]
    public async Task A_model_is_unloaded_when_its_requests_have_ended()
    {
        await using ModelCatalog catalog = Of("a");
        ModelLease lease = await catalog.AcquireAsync("a", Stop);

        Task unloading = catalog.UnloadAsync(lease.Entry, Stop);
        await Task.Delay(20, Stop);
        Assert.False(unloading.IsCompleted);
        lease.Dispose();
        lease.Dispose();

        await unloading;
        Assert.Empty(_loader.Loaded);
    }

    [Fact]
    public async Task A_model_that_is_to_go_goes_with_its_last_request()
    {
        await using ModelCatalog catalog = Of("a", "b");
        (await catalog.AcquireAsync("b", Stop)).Dispose();
        ModelLease first = await catalog.AcquireAsync("a", Stop), second = await catalog.AcquireAsync("a", Stop);

        catalog.Retire(first.Entry);
        catalog.Retire(catalog.Find("b"));
        first.Dispose();
        await UntilAsync(() => _loader.Loaded is ["a"]);
        second.Dispose();

        await UntilAsync(() => _loader.Loaded.Count == 0);
    }

    [Fact]
    public async Task A_request_says_how_long_its_model_stays()
    {
        await using ModelCatalog catalog = Of("a", "b");
        using (ModelLease a = await catalog.AcquireAsync("a", Stop))
            a.Keep(Timeout.InfiniteTimeSpan);
        using (ModelLease b = await catalog.AcquireAsync("b", Stop))
            b.Keep(TimeSpan.Zero);

        await UntilAsync(() => _loader.Loaded is ["a"]);
        _time.Advance(6000 * Minute);
        Assert.Equal(["a"], _loader.Loaded);
    }

    [Fact]
    public async Task A_model_that_is_going_is_waited_for_and_loaded_again()
    {
        await using ModelCatalog catalog = Of("a");
        TaskCompletionSource gone = new();
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        _loader.OnUnload = _ => gone.Task;
        _time.Advance(5 * Minute);

        Task<ModelLease> again = catalog.AcquireAsync("a", Stop);
        await Task.Delay(20, Stop);
        Assert.Single(_loader.Loads);
        gone.SetResult();

        (await again).Dispose();
        Assert.Equal(2, _loader.Loads.Count);
    }

    [Fact]
    public async Task A_model_that_ended_badly_is_loaded_again()
    {
        await using ModelCatalog catalog = Of("a");
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        _loader.OnUnloaded = () => throw new InvalidOperationException("It ends badly.");

        await Assert.ThrowsAsync<InvalidOperationException>(() => catalog.UnloadAsync(catalog.Find("a"), Stop));
        _loader.OnUnloaded = () => { };

        (await catalog.AcquireAsync("a", Stop)).Dispose();
        Assert.Equal(["a"], _loader.Loaded);
    }

    [Fact]
    public async Task Aliases_stand_for_models_the_longest_first()
    {
        Dictionary<string, string> aliases = new() { ["gpt-4o"] = "a", ["claude-*"] = "b", ["claude-haiku-*"] = "a" };
        await using ModelCatalog catalog = Of(aliases, "a", "b");
        catalog.CheckAliases();

        Assert.Equal("a", catalog.Find("gpt-4o").Name);
        Assert.Equal("b", catalog.Find("claude-sonnet-4-5").Name);
        Assert.Equal("a", catalog.Find("claude-haiku-4-5").Name);
        Assert.Equal(404, Assert.Throws<HttpFault>(() => catalog.Find("gpt-4o-mini")).Status);
        Assert.Throws<ArgumentException>(() => Of(new Dictionary<string, string> { ["x"] = "none" }, "a").CheckAliases());
    }

    [Fact]
    public async Task A_pulled_model_has_several_names_and_is_loaded_once()
    {
        const string Repo = "hub/models--Qwen--Qwen3-0.6B-GGUF", Commit = "0123456789abcdef0123456789abcdef01234567";
        Directory.CreateDirectory(_folder[$"{Repo}/snapshots/{Commit}"]);
        Directory.CreateDirectory(_folder[$"{Repo}/refs"]);
        await File.WriteAllTextAsync(_folder[$"{Repo}/refs/main"], Commit, Stop);
        await File.WriteAllTextAsync(_folder[$"{Repo}/snapshots/{Commit}/Qwen3-0.6B-Q8_0.gguf"], "", Stop);
        HubOptions hub = new() { HuggingFaceCache = _folder["hub"], ModelScopeCache = _folder["none"] };
        ServerOptions options = new() { Models = [], Library = new ModelLibraryOptions { Hub = hub } };
        await using ModelCatalog catalog = QwenServer.Catalog(options, _loader, _time);

        Assert.Equal("qwen3:0.6b", Assert.Single(catalog.All).Name);
        foreach (string name in (string[])["qwen3:0.6b", "qwen3:0.6b:Q8_0", "Qwen/Qwen3-0.6B-GGUF", "hf.co/Qwen/Qwen3-0.6B-GGUF:Q8_0"])
        {
            using ModelLease lease = await catalog.AcquireAsync(name, Stop);
            Assert.Equal(name, lease.Model.Id);
        }

        Assert.Single(_loader.Loads);
        Assert.Null(catalog.TryFind("qwen3:4b"));
    }

    [Fact]
    public async Task A_created_model_is_another_with_settings_of_its_own()
    {
        await using ModelCatalog catalog = Of("a");
        ModelPreset preset = new() { System = "Be brief.", Temperature = 0.25f };
        catalog.Library!.Created!.Save(new CreatedModel("mine", "a", null, preset, [], _time.GetUtcNow()));

        using ModelLease a = await catalog.AcquireAsync("a", Stop), mine = await catalog.AcquireAsync("mine", Stop);

        Assert.Equal("mine", mine.Model.Id);
        Assert.Single(_loader.Loads);
        Assert.Equal(["mine", "a"], catalog.All.Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_thousand_requests_for_more_models_than_there_is_room_for_each_get_theirs()
    {
        _loader.Room = 2;
        ModelCatalog catalog = Of("a", "b", "c", "d");
        int answered = 0, left = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1000),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Stop },
            async (number, token) =>
            {
                Random random = new(number);
                string name = ((char)('a' + random.Next(4))).ToString();
                using CancellationTokenSource leaves = CancellationTokenSource.CreateLinkedTokenSource(token);
                if (random.Next(5) == 0)
                    leaves.CancelAfter(random.Next(2));

                while (true)
                {
                    try
                    {
                        using ModelLease lease = await catalog.AcquireAsync(name, leaves.Token);
                        Assert.Contains(name, _loader.Loaded);
                        if (random.Next(3) == 0)
                            lease.Keep(TimeSpan.Zero);

                        await Task.Yield();
                        Assert.Contains(name, _loader.Loaded);
                        Interlocked.Increment(ref answered);
                        return;
                    }
                    catch (HttpFault full) when (full.Status == 503)
                    {
                        await Task.Delay(1, token);
                    }
                    catch (OperationCanceledException) when (!token.IsCancellationRequested)
                    {
                        Interlocked.Increment(ref left);
                        return;
                    }
                }
            });

        await catalog.DisposeAsync();
        Assert.Equal(1000, answered + left);
        Assert.Equal(1, _loader.MostAtOnce);
        Assert.Empty(_loader.Loaded);
    }

    [Fact]
    public async Task The_end_waits_for_the_load_in_progress_and_leaves_nothing_loaded()
    {
        ModelCatalog catalog = Of("a", "b");
        (await catalog.AcquireAsync("a", Stop)).Dispose();
        using ManualResetEventSlim go = new(), begun = new();
        _loader.OnLoad = _ =>
        {
            begun.Set();
            go.Wait(Stop);
        };
        Task<ModelLease> b = catalog.AcquireAsync("b", Stop);
        begun.Wait(Stop);

        Task end = catalog.DisposeAsync().AsTask();
        Assert.False(end.IsCompleted);
        go.Set();
        (await b).Dispose();
        await end;

        Assert.Empty(_loader.Loaded);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => catalog.AcquireAsync("a", Stop));
    }

    [Fact]
    public async Task Who_names_no_model_among_several_is_told()
    {
        await using ModelCatalog catalog = Of("c");
        foreach (string name in (string[])["a", "b"])
            await catalog.StartAsync(new ModelDescription(name, _folder[$"{name}.gguf"], new QwenModelOptions(), Stays: true));

        OptionException fault = await Assert.ThrowsAsync<OptionException>(() => catalog.AcquireAsync((string?)null, Stop));

        Assert.Contains("'a', 'b'", fault.Message);
    }

    private ModelCatalog Of(params string[] models) => Of([], models);

    private ModelCatalog Of(Dictionary<string, string> aliases, params string[] models)
    {
        Directory.CreateDirectory(_folder["models"]);
        foreach (string model in models)
            File.WriteAllText(_folder[$"models/{model}.gguf"], "");

        ServerOptions options = new()
        {
            Models = [],
            Aliases = aliases,
            Library = new ModelLibraryOptions { Folder = _folder["models"], StateFolder = _folder["state"] },
        };
        return QwenServer.Catalog(options, _loader, _time);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(2, Stop);
    }
}
