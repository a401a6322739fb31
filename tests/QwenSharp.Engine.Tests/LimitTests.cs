using QwenSharp.Faults;
using QwenSharp.Numerics;

namespace QwenSharp.Engine.Tests;

/// <summary>How answers end, and which requests and options are refused.</summary>
public class LimitTests
{
    [Fact]
    public async Task The_last_token_says_why_the_answer_ends()
    {
        GenerationRequest request = Requests.Sampled(promptLength: 10, seed: 5, maxTokens: 12);
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        List<GeneratedToken> tokens = [];
        await foreach (GeneratedToken token in engine.GenerateAsync(request))
            tokens.Add(token);

        Assert.Equal(12, tokens.Count);
        Assert.Equal(FinishReason.Length, tokens[^1].Finish);
        Assert.All(tokens[..^1], token => Assert.Null(token.Finish));

        int stop = tokens[6].Id, first = tokens.FindIndex(token => token.Id == stop);
        List<GeneratedToken> stopped = [];
        await foreach (GeneratedToken token in engine.GenerateAsync(request with { StopTokens = [stop] }))
            stopped.Add(token);

        Assert.Equal(tokens[..(first + 1)].Select(token => token.Id), stopped.Select(token => token.Id));
        Assert.Equal(FinishReason.Stop, stopped[^1].Finish);
    }

    [Fact]
    public async Task The_context_ends_an_answer_that_has_no_limit()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1, ContextLength = 50 });
        Assert.Equal(50, engine.ContextLength);
        Assert.Equal(40, (await Requests.Collect(engine, Requests.Greedy(10, 1, 1) with { MaxTokens = null })).Length);
        Assert.Equal(40, (await Requests.Collect(engine, Requests.Greedy(10, 1, 1000))).Length);
        Assert.Single(await Requests.Collect(engine, Requests.Greedy(49, 1, 1000)));
    }

    [Fact]
    public async Task Logprobs_come_with_each_token()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        await foreach (GeneratedToken token in engine.GenerateAsync(Requests.Greedy(10, 1, 5) with { Logprobs = true, TopLogprobs = 3 }))
        {
            Assert.Equal(3, token.Top.Length);
            Assert.Equal(token.Id, token.Top.Span[0].Id);
            Assert.Equal(token.Logprob, token.Top.Span[0].Logprob);
            Assert.InRange(token.Logprob, -20f, 0f);
        }
    }

    public static TheoryData<string, GenerationRequest> Refused()
    {
        GenerationRequest valid = Requests.Greedy(10, 1, 5);
        return new()
        {
            { "Prompt", valid with { Prompt = default } },
            { "Prompt", valid with { Prompt = new int[256] } },
            { "Prompt", valid with { Prompt = new[] { 1, 97 } } },
            { "Prompt", valid with { Prompt = new[] { -1 } } },
            { "MaxTokens", valid with { MaxTokens = 0 } },
            { "TopLogprobs", valid with { Logprobs = true, TopLogprobs = -1 } },
            { "TopLogprobs", valid with { Logprobs = true, TopLogprobs = 98 } },
            { "TopLogprobs", valid with { TopLogprobs = 1 } },
            { "Temperature", valid with { Sampling = new() { Temperature = -1 } } },
            { "LogitBias", valid with { Sampling = new() { LogitBias = new Dictionary<int, float> { [97] = 1 } } } },
        };
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_request_that_cannot_be_honoured_is_refused_at_once_by_the_name_of_its_field(string field, GenerationRequest request)
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(() => engine.GenerateAsync(request));
        Assert.Equal(field, refusal.ParamName);
        Assert.StartsWith(field, refusal.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, EngineOptions> Impossible() => new()
    {
        { "Threads", new() { Threads = -1 } },
        { "MaxSequences", new() { MaxSequences = 0 } },
        { "MaxWaiting", new() { MaxWaiting = 0 } },
        { "MaxBatchTokens", new() { MaxBatchTokens = 3, MaxSequences = 4 } },
        { "MaxPrefillTokensWhileDecoding", new() { MaxPrefillTokensWhileDecoding = 0 } },
        { "ContextLength", new() { ContextLength = -1 } },
        { "ContextLength", new() { ContextLength = 257 } },
        { "KvType", new() { KvType = TensorType.Q4_0 } },
        { "KvType is Q8_0, in which a head is whole blocks of 32", new() { KvType = TensorType.Q8_0 } },
        { "KvBytes", new() { KvBytes = 0 } },
        { "KvBytes", new() { KvBytes = 100 } },
        { "KvBytes", new() { KvBytes = 2 * Requests.BlockBytes, ContextLength = 65 } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Options_that_cannot_be_are_refused_by_name(string name, EngineOptions options) =>
        Assert.Contains(
            name,
            Assert.ThrowsAny<ArgumentException>(() => new InferenceEngine(Requests.Model, options)).Message,
            StringComparison.Ordinal);

    [Fact]
    public async Task More_than_may_wait_is_refused_and_nothing_of_it_is_queued()
    {
        await using InferenceEngine engine = new(Requests.LongModel, new EngineOptions { Threads = 1, MaxSequences = 1, MaxWaiting = 3 });
        GenerationRequest endless = Requests.Greedy(10, 1, 60_000);
        QueueFullException never = Assert.Throws<QueueFullException>(() => engine.GenerateChoices(endless, 128_000));
        Assert.Equal((128_000, 0, 3), (never.Asked, never.Waiting, never.Limit));

        using CancellationTokenSource ending = new();
        Task running = Assert.ThrowsAnyAsync<OperationCanceledException>(() => Requests.Collect(engine, endless, ending.Token));
        await Requests.Eventually(() => engine.Statistics is { Running: 1, Waiting: 0 });
        IAsyncEnumerable<GeneratedToken> late = engine.GenerateAsync(endless);
        Task[] waiting =
        [
            .. engine.GenerateChoices(endless, 3, ending.Token).Select(choice =>
                Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                {
                    await foreach (GeneratedToken _ in choice)
                    {
                    }
                })),
        ];
        await Requests.Eventually(() => engine.Statistics.Waiting == 3);
        Assert.Equal(3, Assert.Throws<QueueFullException>(() => engine.GenerateAsync(endless)).Waiting);
        await Assert.ThrowsAsync<QueueFullException>(async () => await late.GetAsyncEnumerator().MoveNextAsync());

        await ending.CancelAsync();
        await Task.WhenAll([running, .. waiting]);
        await Requests.AllFree(engine);
        Assert.Single(await Requests.Collect(engine, Requests.Greedy(10, 1, 1)));
    }

    [Fact]
    public async Task A_small_cache_shortens_the_context_unless_it_was_asked_for()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { KvBytes = 2 * Requests.BlockBytes + 1 });
        Assert.Equal(64, engine.ContextLength);
        Assert.Equal(54, (await Requests.Collect(engine, Requests.Greedy(10, 1, 1) with { MaxTokens = null })).Length);
    }
}
