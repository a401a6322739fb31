using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>What earlier sequences left behind is used, to the token, and changes none.</summary>
public class PrefixCacheTests
{
    public static TheoryData<string> Models() => ["qwen3", "qwen35", "qwen3next"];

    public static TheoryData<string, TensorType> ModelsAndTypes()
    {
        TheoryData<string, TensorType> all = [];
        foreach (string model in (string[])["qwen3", "qwen35", "qwen3next"])
        {
            foreach (TensorType type in KvStore.Types)
                all.Add(model, type);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(ModelsAndTypes))]
    public async Task A_second_turn_goes_on_from_the_first_and_has_the_same_tokens(string name, TensorType kvType)
    {
        LanguageModel model = Requests.Wide(name);
        await using InferenceEngine engine = Engine(model, kvType: kvType);
        int[] conversation = TinyModels.RandomTokens(90, model.Config.VocabularySize, 1);
        for (int turn = 0; turn < 4; turn++)
        {
            int boundary = conversation.Length - 4;
            GenerationRequest request = Request(conversation, maxTokens: 10) with { CachePoints = [70, boundary] };
            (int[] answer, PromptReuse reuse) = await Answer(engine, request);
            Assert.Equal(await Afresh(model, request, kvType), answer);

            // The last token of an answer was not computed. A model with states goes on from the end of the answer too.
            Assert.Equal(turn == 0 ? 0 : conversation.Length - 30 - 1, reuse.Tokens);
            Assert.Equal(ReuseLoss.None, reuse.Loss);
            Assert.Null(reuse.Parts);
            conversation = [.. conversation, .. answer, .. TinyModels.RandomTokens(30, model.Config.VocabularySize, 50 + turn)];
        }

        await Requests.AllFree(engine);
    }

    [Fact]
    public async Task Where_a_text_was_changed_all_before_it_is_used()
    {
        await using InferenceEngine engine = Engine(Requests.Model);
        int[] prompt = TinyModels.RandomTokens(240, Requests.Model.Config.VocabularySize, 1);
        await Answer(engine, Request(prompt, 5));
        foreach (int changed in (int[])[200, 161, 160, 159, 65, 239])
        {
            int[] other = [.. prompt];
            other[changed] = (other[changed] + 1) % Requests.Model.Config.VocabularySize;
            GenerationRequest request = Request(other, 10);
            (int[] answer, PromptReuse reuse) = await Answer(engine, request);
            Assert.Equal(await Afresh(Requests.Model, request), answer);
            Assert.InRange(reuse.Tokens, changed - 7, changed);
            Assert.Equal(changed, reuse.Parts);
            Assert.Equal(ReuseLoss.None, reuse.Loss);
        }
    }

    [Fact]
    public async Task A_hybrid_goes_on_from_the_nearest_state_and_says_what_it_lacks()
    {
        LanguageModel model = TinyModels.Create("qwen35");
        await using InferenceEngine engine = Engine(model);
        int[] prompt = TinyModels.RandomTokens(240, model.Config.VocabularySize, 1);
        await Answer(engine, Request(prompt, 5) with { CachePoints = [90, 230] });
        int[] other = [.. prompt[..170], .. TinyModels.RandomTokens(50, model.Config.VocabularySize, 2)];
        GenerationRequest request = Request(other, 10);
        (int[] answer, PromptReuse reuse) = await Answer(engine, request);
        Assert.Equal(await Afresh(model, request), answer);
        Assert.Equal(new PromptReuse(90, 170, ReuseLoss.NoState), reuse);

        (answer, reuse) = await Answer(engine, Request([.. prompt[..230], 1, 2, 3], 10));
        Assert.Equal(230, reuse.Tokens);
        Assert.Equal(await Afresh(model, Request([.. prompt[..230], 1, 2, 3], 10)), answer);
    }

    [Fact]
    public async Task What_is_needed_for_others_makes_room_the_oldest_first()
    {
        await using InferenceEngine engine = Engine(Requests.Model, blocks: 12);
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => TinyModels.RandomTokens(150, Requests.Model.Config.VocabularySize, i))];
        foreach (int[] prompt in prompts)
            Assert.Equal(0, (await Answer(engine, Request(prompt, 3))).Reuse.Tokens);

        Assert.Equal(149, (await Answer(engine, Request(prompts[3], 3))).Reuse.Tokens);
        (int[] answer, PromptReuse reuse) = await Answer(engine, Request(prompts[0], 3));
        Assert.Equal(await Afresh(Requests.Model, Request(prompts[0], 3)), answer);
        Assert.InRange(reuse.Tokens, 0, 70);
        Assert.Equal(ReuseLoss.Evicted, reuse.Loss);
        await Requests.AllFree(engine);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Prompts_that_arrive_together_are_computed_once(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] common = TinyModels.RandomTokens(192, model.Config.VocabularySize, 1);
        GenerationRequest[] requests =
        [
            .. Enumerable.Range(0, 5).Select(i =>
                Request([.. common, .. TinyModels.RandomTokens(20 + i, model.Config.VocabularySize, 10 + i)], 10) with
                {
                    CachePoints = [192],
                }),
        ];
        await using InferenceEngine engine = Engine(model, batch: 32);
        (int[] Tokens, PromptReuse Reuse)[] answers = await Task.WhenAll(requests.Select(request => Answer(engine, request)));
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(await Afresh(model, requests[i]), answers[i].Tokens);

        Assert.Equal(4 * 192, answers.Sum(answer => answer.Reuse.Tokens));
        Assert.Equal(192 + requests.Sum(request => request.Prompt.Length - 192), engine.Statistics.PrefillTokens);
    }

    [Fact]
    public async Task An_adapter_has_prefixes_of_its_own_and_off_is_off()
    {
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1, PrefixCache = false });
        int[] prompt = TinyModels.RandomTokens(100, Requests.Model.Config.VocabularySize, 1);
        await Answer(engine, Request(prompt, 3));
        Assert.Equal(0, (await Answer(engine, Request(prompt, 3))).Reuse.Tokens);
        Assert.Equal(0, engine.Statistics.KeptKvBlocks);
    }

    [Theory]
    [InlineData("qwen3", 10, TensorType.F16)]
    [InlineData("qwen3", 40, TensorType.F16)]
    [InlineData("qwen3", 40, TensorType.F32)]
    [InlineData("qwen3", 10, TensorType.BF16)]
    [InlineData("qwen3", 40, TensorType.BF16)]
    [InlineData("qwen3", 10, TensorType.Q8_0)]
    [InlineData("qwen3", 40, TensorType.Q8_0)]
    [InlineData("qwen35", 10, TensorType.F16)]
    [InlineData("qwen35", 40, TensorType.F16)]
    [InlineData("qwen35", 40, TensorType.BF16)]
    [InlineData("qwen35", 40, TensorType.Q8_0)]
    public async Task Conversations_in_any_mixture_have_the_tokens_that_they_have_alone(string name, int blocks, TensorType kvType)
    {
        LanguageModel model = Requests.Wide(name);
        Random random = new(7);
        List<GenerationRequest> requests = [];
        for (int i = 0; i < 60; i++)
        {
            // Some go on from another, wherever that is cut; some ask again.
            int[] start = i > 0 && random.Next(4) > 0 ? requests[random.Next(i)].Prompt.ToArray() : [];
            int cut = random.Next(start.Length + 1);
            int[] prompt = [.. start[..cut], .. TinyModels.RandomTokens(1 + random.Next(60), model.Config.VocabularySize, 100 + i)];
            prompt = prompt.Length > 180 ? prompt[..180] : prompt;
            requests.Add(Requests.Sampled(1, i, 1 + random.Next(40)) with { Prompt = prompt, CachePoints = [64, 100, cut] });
        }

        await using InferenceEngine plain = new(
            model,
            new EngineOptions { Threads = 1, PrefixCache = false, KvType = kvType });
        long blockBytes = KvStore.BlockTokens * model.Config.KvBytesPerToken(kvType);
        await using InferenceEngine engine = new(model, new EngineOptions
        {
            Threads = 1,
            MaxSequences = 4,
            MaxBatchTokens = 48,
            KvBytes = blocks * blockBytes,
            KvType = kvType,
            StateCacheBytes = 40 * model.Config.StateBytesPerSequence,
        });
        for (int round = 0; round < 2; round++)
        {
            int[][] answers = await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request)));
            for (int i = 0; i < requests.Count; i++)
                Assert.Equal(await Requests.Collect(plain, requests[i]), answers[i]);
        }

        Assert.True(engine.Statistics.ReusedTokens > 0 || blocks == 10);
        await Requests.AllFree(engine);
    }

    [Theory]
    [InlineData(1, 384)]
    [InlineData(7, 384)]
    [InlineData(24, 384)]
    [InlineData(64, 1024)]
    [InlineData(65, 0)]
    public void An_answer_in_circles_is_noticed(int piece, int at)
    {
        RepetitionWatch watch = new();
        Random random = new(piece);
        int[] start = [.. Enumerable.Range(0, 100).Select(_ => 1000 + random.Next(1000))];
        List<int> answer = [];
        for (int i = 0; i < 3000; i++)
        {
            answer.Add(i < start.Length ? start[i] : (i - start.Length) % piece);
            Assert.Equal(at > 0 && i + 1 - start.Length >= at, watch.Observe(answer.ToArray()));
        }
    }

    [Fact]
    public async Task An_answer_is_held_to_its_constraint_and_forced_tokens_are_not_computed_alone()
    {
        GenerationRequest free = Requests.Sampled(40, 3, 60);
        await using InferenceEngine engine = Engine(Requests.Model);
        GenerationRequest request = free with { Constraint = () => new EveryThird(Requests.Model.Config.VocabularySize) };
        int[] answer = await Requests.Collect(engine, request);
        Assert.Equal(60, answer.Length);
        for (int i = 0; i < answer.Length; i++)
            Assert.Equal(i % 6 < 3, answer[i] % 3 == 0);

        Assert.True(engine.Statistics.Steps < 40, $"{engine.Statistics.Steps} steps");
        Assert.Equal(answer, await Requests.Collect(engine, request));
    }

    /// <summary>Three tokens that are multiples of three, and three others that are forced.</summary>
    private sealed class EveryThird(int vocabulary) : ITokenConstraint
    {
        private readonly List<int> _said = [];

        public ReadOnlySpan<int> Forced => _said.Count % 6 >= 3 ? [1] : [];

        public bool TryMask(Span<uint> allowed)
        {
            allowed.Clear();
            for (int token = 0; token < vocabulary; token++)
            {
                if ((token % 3 == 0) == (_said.Count % 6 < 3))
                    allowed[token / 32] |= 1u << (token % 32);
            }

            return true;
        }

        public void Accept(int token) => _said.Add(token);
    }

    private static InferenceEngine Engine(
        LanguageModel model, int blocks = 64, int batch = 512, TensorType kvType = TensorType.F16) => new(model, new EngineOptions
        {
            Threads = 1,
            KvType = kvType,
            MaxSequences = 8,
            MaxBatchTokens = batch,
            ContextLength = 0,
            KvBytes = blocks * KvStore.BlockTokens * model.Config.KvBytesPerToken(kvType),
            StateCacheBytes = 32 * Math.Max(1, model.Config.StateBytesPerSequence),
        });

    private static GenerationRequest Request(int[] prompt, int maxTokens) => new()
    {
        Prompt = prompt,
        MaxTokens = maxTokens,
        Sampling = new SamplingOptions { Temperature = 0 },
    };

    private static Task<int[]> Afresh(LanguageModel model, GenerationRequest request, TensorType kvType = TensorType.F16) =>
        Requests.Alone(request, model, kvType);

    private static async Task<(int[] Tokens, PromptReuse Reuse)> Answer(InferenceEngine engine, GenerationRequest request)
    {
        List<int> tokens = [];
        PromptReuse? reuse = null;
        await foreach (GeneratedToken token in engine.GenerateAsync(request, TestContext.Current.CancellationToken))
        {
            Assert.Equal(tokens.Count == 0, token.Reuse is not null);
            reuse ??= token.Reuse;
            tokens.Add(token.Id);
        }

        return ([.. tokens], reuse!);
    }
}
