using QwenSharp.Models;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Requests with adapters in one engine: each gets the tokens that it gets alone.</summary>
public class AdapterTests
{
    private static readonly FittedAdapter?[] Choices =
    [
        null,
        Requests.Model.Fit(Adapters.Create(Requests.Model.Config, 1)),
        Requests.Model.Fit(Adapters.Create(Requests.Model.Config, 2)),
        Requests.Model.Fit(Adapters.Create(Requests.Model.Config, 3, rank: 7)),
    ];

    [Fact]
    public async Task Several_adapters_and_none_in_one_batch_answer_as_alone()
    {
        GenerationRequest[] requests =
        [
            .. Enumerable
                .Range(0, 16)
                .Select(i => Requests.Greedy(promptLength: 5 + (i * 7 % 40), seed: i / 4, maxTokens: 20) with { Adapter = Choices[i % 4] }),
        ];
        int[][] expected = await Task.WhenAll(requests.Select(Requests.Alone));

        // So few blocks that sequences are preempted and computed again.
        await using InferenceEngine engine = new(
            Requests.Model,
            new EngineOptions
            {
                Threads = 2,
                MaxBatchTokens = 40,
                MaxSequences = 12,
                KvBytes = 8 * Requests.BlockBytes,
            });
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => Requests.Collect(engine, request))));
        await Requests.AllFree(engine);
        Assert.Equal(4, expected.Take(4).Select(tokens => string.Join(',', tokens)).Distinct().Count());
    }

    [Fact]
    public async Task An_evaluator_with_an_adapter_agrees_with_the_engine()
    {
        GenerationRequest request = Requests.Greedy(30, 1, 1) with { Adapter = Choices[1] };
        using SequenceEvaluator evaluator = new(Requests.Model, 64, kvType: Numerics.TensorType.F16, chunk: 7, adapter: Choices[1]);
        ReadOnlySpan<float> logits = evaluator.Append(request.Prompt.Span);
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            best = logits[i] > logits[best] ? i : best;

        Assert.Equal([best], await Requests.Alone(request));
    }

    [Fact]
    public async Task An_adapter_of_another_model_is_refused_at_once()
    {
        FittedAdapter other = TinyModels.Create("qwen3").Fit(Adapters.Create(Requests.Model.Config, 1));
        await using InferenceEngine engine = new(Requests.Model, new EngineOptions { Threads = 1 });
        Assert.Equal(
            "Adapter",
            Assert.ThrowsAny<ArgumentException>(() => engine.GenerateAsync(Requests.Greedy(3, 1, 1) with { Adapter = other })).ParamName);
        Assert.ThrowsAny<ArgumentException>(() => new SequenceEvaluator(Requests.Model, 8, adapter: other));
    }
}
