using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>What is kept of prompts outlives an engine, whole or not at all, and changes no token.</summary>
public sealed class SavedPrefixTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("qwensharp-prefixes-").FullName;
    private readonly List<string> _notices = [];

    private string Place => Path.Combine(_folder, "model.qwprefix");

    private string[] Notices
    {
        get
        {
            lock (_notices)
                return [.. _notices];
        }
    }

    public static TheoryData<string> Models() => ["qwen3", "qwen35", "qwen3next"];

    public static TheoryData<string, int, int> Conversations()
    {
        TheoryData<string, int, int> all = [];
        foreach (string name in (string[])["qwen3", "qwen35", "qwen3next"])
        {
            foreach (int blocks in (int[])[12, 64])
            {
                for (int seed = 1; seed <= 2; seed++)
                    all.Add(name, blocks, seed);
            }
        }

        return all;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_conversation_goes_on_behind_a_restart(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] prompt = TinyModels.RandomTokens(240, model.Config.VocabularySize, 1);
        GenerationRequest first = Request(prompt, 10) with { CachePoints = [90, 230] };
        int[] answer;
        await using (InferenceEngine engine = Engine(model))
            (answer, _) = await Answer(engine, first);

        await using InferenceEngine restarted = Engine(model);
        Assert.True(restarted.Statistics.KeptKvBlocks >= 8);
        GenerationRequest second = Request([.. prompt, .. answer, 1, 2, 3], 10);
        (int[] Tokens, int Reused) got = await Answer(restarted, second);
        Assert.Equal(249, got.Reused);
        Assert.Equal(await Afresh(model, second), got.Tokens);
        Assert.Equal(await Afresh(model, first), answer);
        await Requests.AllFree(restarted);
        Assert.Empty(Notices);
    }

    [Theory]
    [MemberData(nameof(Conversations))]
    public async Task Whatever_was_kept_is_there_again_and_leaves_in_the_same_order(string name, int blocks, int seed)
    {
        LanguageModel model = TinyModels.Create(name);
        FittedAdapter[] adapters = [.. Enumerable.Range(1, 2).Select(i => model.Fit(Adapters.Create(model.Config, i)))];
        Dictionary<string, FittedAdapter> named = new() { ["one"] = adapters[0], ["two"] = adapters[1] };
        Random random = new(seed);
        List<GenerationRequest> requests = [];
        for (int i = 0; i < 60; i++)
        {
            int[] start = i > 0 && random.Next(4) > 0 ? requests[random.Next(i)].Prompt.ToArray() : [];
            int cut = random.Next(start.Length + 1);
            int[] prompt = [.. start[..cut], .. TinyModels.RandomTokens(1 + random.Next(90), model.Config.VocabularySize, 100 + i)];
            prompt = prompt.Length > 200 ? prompt[..200] : prompt;
            requests.Add(Request(prompt, 1 + random.Next(20)) with
            {
                CachePoints = [64, 100, cut],
                Adapter = random.Next(3) is > 0 and var choice ? adapters[choice - 1] : null,
            });
        }

        // The one lives on, the other is restarted in the middle.
        await using InferenceEngine living = Engine(model, blocks, states: 6, place: null);
        InferenceEngine restarted = Engine(model, blocks, states: 6, adapters: named);
        try
        {
            for (int i = 0; i < requests.Count; i++)
            {
                if (i is 30 or 45)
                {
                    await restarted.DisposeAsync();
                    restarted = Engine(model, blocks, states: 6, adapters: named);
                    Assert.Equal(living.Statistics.KeptKvBlocks, restarted.Statistics.KeptKvBlocks);
                }

                (int[] Tokens, int Reused) expected = await Answer(living, requests[i]), got = await Answer(restarted, requests[i]);
                Assert.Equal(expected.Tokens, got.Tokens);
                Assert.Equal(expected.Reused, got.Reused);
            }
        }
        finally
        {
            await restarted.DisposeAsync();
        }

        Assert.Empty(Notices);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task What_is_damaged_is_not_used_and_said(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] prompt = TinyModels.RandomTokens(200, model.Config.VocabularySize, 1);
        GenerationRequest request = Request(prompt, 5) with { CachePoints = [70, 130] };
        await using (InferenceEngine engine = Engine(model))
        {
            await Answer(engine, request);
            await Answer(engine, Request([.. prompt[..100], 1, 2, 3, .. prompt[..40]], 5));
        }

        int[] expected = await Afresh(model, request);
        byte[] whole = File.ReadAllBytes(Place);
        Random random = new(3);

        // The header and the first heads byte by byte, then anywhere.
        int[] places =
        [
            .. Enumerable.Range(0, 700).Where(_ => random.Next(20) == 0),
            .. Enumerable.Range(0, 20).Select(_ => random.Next(whole.Length)),
        ];
        foreach (int at in places)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= (byte)(1 << random.Next(8));
            await Try(damaged);
            await Try(whole[..at]);
        }

        await Try([]);
        await Try([.. whole[..^40], .. new byte[100]]);
        await Try(TinyModels.RandomTokens(5000, 256, 9).Select(value => (byte)value).ToArray());

        async Task Try(byte[] bytes)
        {
            File.WriteAllBytes(Place, bytes);
            _notices.Clear();
            await using InferenceEngine engine = Engine(model);
            Assert.Single(Notices);
            Assert.Equal(expected, (await Answer(engine, request)).Tokens);
            await Requests.AllFree(engine);
        }
    }

    [Fact]
    public async Task What_is_of_something_else_is_refused_by_what_that_is()
    {
        GenerationRequest request = Requests.Greedy(100, 1, 5);
        FittedAdapter adapter = Requests.Model.Fit(Adapters.Create(Requests.Model.Config, 1));
        await using (InferenceEngine engine = Engine(Requests.Model, adapters: new() { ["one"] = adapter }))
        {
            await Answer(engine, request);
            await Answer(engine, request with { Adapter = adapter });
        }

        await Refused(Engine(Requests.Model, named: "other", place: Copy()), "with another model.");
        await Refused(
            Engine(Requests.Model, kvType: TensorType.F32, place: Copy()), "with another type or shape of keys and values.");
        await Refused(Engine(TinyModels.Create("qwen35"), place: Copy()), "with another type or shape of keys and values.");

        byte[] bytes = File.ReadAllBytes(Place);
        bytes[8]++;
        File.WriteAllBytes(Place, bytes);
        await Refused(Engine(Requests.Model, place: Copy()), "it has version 2 of the format, and this program reads 1.");
        bytes[8]--;
        File.WriteAllBytes(Place, bytes);

        await using InferenceEngine without = Engine(Requests.Model, place: Copy());
        Assert.Contains("prompts of 1 adapters that are not loaded", Assert.Single(Notices), StringComparison.Ordinal);
        Assert.Equal(99, (await Answer(without, request)).Reused);

        async Task Refused(InferenceEngine engine, string reason)
        {
            await using (engine)
            {
                Assert.EndsWith(reason, Assert.Single(Notices), StringComparison.Ordinal);
                Assert.Equal(0, engine.Statistics.KeptKvBlocks);
            }

            _notices.Clear();
        }
    }

    [Fact]
    public async Task What_does_not_fit_is_left_out_what_was_used_last_comes_first()
    {
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => TinyModels.RandomTokens(150, Requests.Model.Config.VocabularySize, i))];
        await using (InferenceEngine engine = Engine(Requests.Model))
        {
            foreach (int[] prompt in prompts)
                await Answer(engine, Request(prompt, 3));
        }

        await using InferenceEngine smaller = Engine(Requests.Model, blocks: 8);
        Assert.Equal(8, smaller.Statistics.KeptKvBlocks);
        Assert.Equal(149, (await Answer(smaller, Request(prompts[3], 3))).Reused);
        Assert.Empty(Notices);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(99)]
    public async Task A_full_disk_leaves_what_was_saved_before(int percent)
    {
        GenerationRequest request = Requests.Greedy(200, 1, 5);
        await using (InferenceEngine engine = Engine(Requests.Model))
            await Answer(engine, request);

        byte[] before = File.ReadAllBytes(Place);
        long room = before.Length * percent / 100;
        await using (InferenceEngine engine = Engine(Requests.Model, room: room, interval: TimeSpan.FromMilliseconds(1)))
        {
            await Answer(engine, Requests.Greedy(240, 2, 5));
            await Requests.Eventually(() => Notices.Length > 0);
            await Answer(engine, Requests.Greedy(240, 3, 5));
        }

        Assert.All(Notices, notice => Assert.EndsWith("stays: The disk is full.", notice, StringComparison.Ordinal));
        Assert.Equal(before, File.ReadAllBytes(Place));
        Assert.Equal([Place], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task What_a_killed_program_left_half_written_is_taken_away_and_what_somebody_writes_stays()
    {
        GenerationRequest request = Requests.Greedy(200, 1, 5);
        await using (InferenceEngine engine = Engine(Requests.Model))
            await Answer(engine, request);

        byte[] whole = File.ReadAllBytes(Place);
        File.WriteAllBytes(Place + ".0123.tmp", whole[..^100]);
        using FileStream others = new(Place + ".4567.tmp", FileMode.CreateNew, FileAccess.Write, FileShare.None);
        await using InferenceEngine restarted = Engine(Requests.Model);
        Assert.Equal([Place, Place + ".4567.tmp"], Directory.GetFiles(_folder).Order(StringComparer.Ordinal));
        Assert.Equal(199, (await Answer(restarted, request)).Reused);
        Assert.Empty(Notices);
    }

    [Fact]
    public async Task A_folder_that_is_taken_away_is_said_and_a_missing_one_is_an_error()
    {
        string folder = Path.Combine(_folder, "inner"), place = Path.Combine(folder, "model");
        Assert.ThrowsAny<IOException>(() => Engine(Requests.Model, place: place));
        Directory.CreateDirectory(folder);
        InferenceEngine engine = Engine(Requests.Model, place: place);
        Directory.Delete(folder);
        await Answer(engine, Requests.Greedy(100, 1, 5));
        await engine.DisposeAsync();
        Assert.StartsWith($"The prefix cache could not be saved in {place}", Assert.Single(Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3", 10)]
    [InlineData("qwen3", 40)]
    [InlineData("qwen35", 10)]
    [InlineData("qwen35", 40)]
    public async Task It_is_saved_while_others_are_served_as_it_is_at_one_moment(string name, int blocks)
    {
        LanguageModel model = TinyModels.Create(name);
        Random random = new(7);
        int[] common = TinyModels.RandomTokens(90, model.Config.VocabularySize, 1);
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 80).Select(i => Request(
                [.. common[..random.Next(90)], .. TinyModels.RandomTokens(1 + random.Next(90), model.Config.VocabularySize, i)],
                1 + random.Next(30)) with { CachePoints = [64, 90] }),
        ];
        int[][] expected = await Task.WhenAll(requests.Select(request => Afresh(model, request)));
        await using InferenceEngine engine = Engine(model, blocks, interval: TimeSpan.FromTicks(1));
        Task<int[][]> answers = Task.WhenAll(requests.Select(request => Requests.Collect(engine, request)));

        // As after kill -9 at any moment.
        int looked = 0;
        while (!answers.IsCompleted || looked == 0)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
            if (!File.Exists(Place))
                continue;

            looked++;
            await using InferenceEngine other = Engine(model, blocks, place: Copy());
            int asked = random.Next(requests.Length);
            Assert.Equal(expected[asked], (await Answer(other, requests[asked])).Tokens);
        }

        Assert.Equal(expected, await answers);
        Assert.Empty(Notices);
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task What_changed_is_saved_after_a_while_without_an_end()
    {
        GenerationRequest request = Requests.Greedy(200, 1, 5);
        await using InferenceEngine engine = Engine(Requests.Model, interval: TimeSpan.FromMilliseconds(200));
        await Answer(engine, request);
        await Requests.Eventually(() => File.Exists(Place));
        await using (InferenceEngine other = Engine(Requests.Model, place: Copy()))
            Assert.Equal(199, (await Answer(other, request)).Reused);

        // Nothing has changed: it is not saved again.
        DateTime saved = File.GetLastWriteTimeUtc(Place);
        await Task.Delay(600, TestContext.Current.CancellationToken);
        Assert.Equal(saved, File.GetLastWriteTimeUtc(Place));
    }

    [Fact]
    public async Task Of_two_that_save_in_one_place_one_is_there_as_a_whole()
    {
        for (int round = 0; round < 5; round++)
        {
            InferenceEngine[] engines = [.. Enumerable.Range(0, 2).Select(_ => Engine(Requests.Model, interval: TimeSpan.FromTicks(1)))];
            GenerationRequest[] requests = [Requests.Greedy(240, 10 + round, 5), Requests.Greedy(240, 20 + round, 5)];
            await Task.WhenAll(engines.Select((engine, i) => Answer(engine, requests[i])));
            await Task.WhenAll(engines.Select(engine => engine.DisposeAsync().AsTask()));
            await using InferenceEngine next = Engine(Requests.Model, place: Copy());
            int[] reused = [(await Answer(next, requests[0])).Reused, (await Answer(next, requests[1])).Reused];
            Assert.Contains(239, reused);
        }

        Assert.Empty(Notices);
        Assert.Equal([Place], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Where_nothing_is_kept_there_is_nothing_to_save()
    {
        ArgumentException fault = Assert.ThrowsAny<ArgumentException>(() => new InferenceEngine(
            Requests.Model, new EngineOptions { PrefixCache = false, PrefixFile = new PrefixFile(Place, "model") }));
        Assert.Equal(nameof(EngineOptions.PrefixFile), fault.ParamName);
    }

    private InferenceEngine Engine(
        LanguageModel model,
        int blocks = 64,
        int states = 32,
        string? place = "",
        string named = "model",
        TensorType kvType = TensorType.F16,
        TimeSpan? interval = null,
        long? room = null,
        Dictionary<string, FittedAdapter>? adapters = null) => new(model, new EngineOptions
        {
            Threads = 1,
            MaxSequences = 8,
            KvType = kvType,
            KvBytes = blocks * KvStore.BlockTokens * model.Config.KvBytesPerToken(kvType),
            StateCacheBytes = states * Math.Max(1, model.Config.StateBytesPerSequence),
            PrefixFile = place is null ? null : new PrefixFile(place == "" ? Place : place, named)
            {
                Interval = interval ?? Timeout.InfiniteTimeSpan,
                Adapters = adapters ?? [],
                Notice = Tell,
                Through = stream => room is { } bytes ? new FullDisk(stream, bytes) : stream,
            },
        });

    /// <summary>What is saved at this moment, for an engine that leaves it as it is.</summary>
    private string Copy()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "copies")).FullName;
        string copy = Path.Combine(folder, Path.GetRandomFileName());
        File.Copy(Place, copy);
        return copy;
    }

    private void Tell(string notice)
    {
        lock (_notices)
            _notices.Add(notice);
    }

    private static GenerationRequest Request(int[] prompt, int maxTokens) => new()
    {
        Prompt = prompt,
        MaxTokens = maxTokens,
        Sampling = new SamplingOptions { Temperature = 0 },
    };

    private static async Task<int[]> Afresh(LanguageModel model, GenerationRequest request)
    {
        await using InferenceEngine engine = new(model, new EngineOptions { Threads = 1, PrefixCache = false });
        return await Requests.Collect(engine, request);
    }

    private static async Task<(int[] Tokens, int Reused)> Answer(InferenceEngine engine, GenerationRequest request)
    {
        List<int> tokens = [];
        int reused = 0;
        await foreach (GeneratedToken token in engine.GenerateAsync(request, TestContext.Current.CancellationToken))
        {
            reused += token.Reuse?.Tokens ?? 0;
            tokens.Add(token.Id);
        }

        return ([.. tokens], reused);
    }

    /// <summary>A disk with room for so many bytes.</summary>
    private sealed class FullDisk(Stream inner, long room) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            room -= buffer.Length;
            if (room < 0)
                throw new IOException("The disk is full.");

            inner.Write(buffer);
        }
    }
}
