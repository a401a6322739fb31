using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Several answers to one prompt: the tokens of so many requests, and the prompt computed once.</summary>
public class ChoicesTests
{
    public static TheoryData<string, int> Prompts() => new()
    {
        { "qwen3", 70 },
        { "qwen3", 65 },
        { "qwen3", 1 },
        { "qwen35", 70 },
        { "qwen35", 65 },
    };

    [Theory]
    [MemberData(nameof(Prompts))]
    public async Task Choices_have_the_tokens_of_so_many_requests_and_one_prefill(string name, int promptLength)
    {
        LanguageModel model = TinyModels.Create(name);
        GenerationRequest request = Requests.Sampled(promptLength, seed: 3, maxTokens: 40);
        int[][] expected = await Apart(model, request, 5);
        await using InferenceEngine engine = new(model, new EngineOptions { Threads = 2, MaxBatchTokens = 32 });
        Assert.Equal(expected, await Together(engine, request, 5));
        Assert.Equal(expected.Length, expected.Select(tokens => string.Join(' ', tokens)).Distinct().Count());

        // The last token of the prompt has a row in each choice.
        Assert.Equal(promptLength == 1 ? 0 : promptLength - 1, engine.Statistics.PrefillTokens);
        await Requests.AllFree(engine);
    }

    [Theory]
    [InlineData("qwen3", 1, 64)]
    [InlineData("qwen3", 3, 64)]
    [InlineData("qwen35", 1, 64)]
    [InlineData("qwen35", 3, 64)]
    [InlineData("qwen3", 5, 8)]
    [InlineData("qwen35", 5, 8)]
    public async Task Neither_few_slots_nor_a_small_cache_change_a_token(string name, int sequences, int blocks)
    {
        LanguageModel model = TinyModels.Create(name);
        long blockBytes = KvStore.BlockTokens * model.Config.KvBytesPerToken(TensorType.F16);
        GenerationRequest request = Requests.Sampled(promptLength: 70, seed: 3, maxTokens: 100),
            other = Requests.Sampled(promptLength: 50, seed: 9, maxTokens: 60);
        int[][] expected = [.. await Apart(model, request, 5), .. await Apart(model, other, 1)];
        await using InferenceEngine engine = new(
            model,
            new EngineOptions { Threads = 1, MaxSequences = sequences, MaxBatchTokens = 16, KvBytes = blocks * blockBytes });
        Task<int[][]> choices = Together(engine, request, 5);
        int[] alone = await Requests.Collect(engine, other);
        Assert.Equal(expected, [.. await choices, alone]);
        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task A_choice_that_is_left_does_not_take_the_others_with_it()
    {
        GenerationRequest request = Requests.Greedy(promptLength: 100, seed: 3, maxTokens: 30);
        int[] expected = await Requests.Alone(request);
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1, MaxBatchTokens = 4, MaxSequences = 3 });
        for (int left = 0; left < 4; left++)
        {
            IReadOnlyList<IAsyncEnumerable<GeneratedToken>> choices = engine.GenerateChoices(request, 4);
            Task<int[]>[] all = [.. choices.Select((choice, index) => Collect(choice, index == left ? 2 : int.MaxValue))];
            Assert.Equal(expected[..2], await all[left]);
            foreach (Task<int[]> other in all.Where((_, index) => index != left))
                Assert.Equal(expected, await other);

            await Requests.AllFree(engine);
        }
    }

    [Fact]
    public async Task Choices_are_read_once_and_there_is_at_least_one()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        IReadOnlyList<IAsyncEnumerable<GeneratedToken>> choices = engine.GenerateChoices(Requests.Greedy(5, 1, 3), 2);
        await Collect(choices[0]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Collect(choices[0]));
        await Collect(choices[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.GenerateChoices(Requests.Greedy(5, 1, 3), 0));
    }

    private static async Task<int[][]> Together(InferenceEngine engine, GenerationRequest request, int choices) =>
        await Task.WhenAll(engine.GenerateChoices(request, choices).Select(choice => Collect(choice)));

    private static async Task<int[][]> Apart(LanguageModel model, GenerationRequest request, int choices)
    {
        await using InferenceEngine engine = new(model, new EngineOptions { Threads = 1 });
        List<int[]> all = [];
        for (int choice = 0; choice < choices; choice++)
        {
            SamplingOptions sampling = request.Sampling with { Seed = request.Sampling.Seed + (ulong)choice };
            all.Add(await Requests.Collect(engine, request with { Sampling = sampling }));
        }

        return [.. all];
    }

    private static async Task<int[]> Collect(IAsyncEnumerable<GeneratedToken> tokens, int atMost = int.MaxValue)
    {
        List<int> ids = [];
        await foreach (GeneratedToken token in tokens)
        {
            ids.Add(token.Id);
            if (ids.Count == atMost)
                break;
        }

        return [.. ids];
    }
}
