using QwenSharp.Engine;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests.Checkpoints;

/// <summary>Models small enough for a test whose rows fill the super-blocks of K-quants.</summary>
internal static class SmallModels
{
    public static readonly int[] Tokens = [1, 2, 3, 250, 77, 33, 12];

    public static ModelConfig Config(string architecture = "qwen3", bool tied = false) => new()
    {
        Architecture = architecture,
        VocabularySize = 320,
        Width = 256,
        Layers = 3,
        Heads = 4,
        KvHeads = 2,
        HeadLength = 64,
        FeedForwardWidth = 512,
        ContextLength = 128,
        HasTiedHead = tied,
        HasQkNorm = architecture == "qwen3",
        HasQkvBias = architecture == "qwen2",
    };

    /// <summary>A model of a family with recurrent layers or with experts that folders store stacked.</summary>
    public static ModelConfig Later(string architecture)
    {
        ModelConfig config = Config(architecture) with
        {
            HasQkNorm = true,
            Experts =
                architecture == "qwen35"
                    ? null
                    : new MixtureOfExperts(6, 2, 256) { NormalizesWeights = true, SharedWidth = architecture == "qwen3vlmoe" ? 0 : 256 },
        };
        if (architecture == "qwen3vlmoe")
            return config with { RotarySections = new RotarySections(12, 10, 10, IsInterleaved: true) };

        bool isNext = architecture == "qwen3next";
        return config with
        {
            Layers = 4,
            HasGatedAttention = true,
            RotaryLength = 32,
            RotarySections = isNext ? null : new RotarySections(6, 5, 5, IsInterleaved: true),
            Recurrent = new RecurrentLayers(new DeltaNetShape(2, 6, 32, 32, 4) { HasAlternatingKeyHeads = !isNext }, 4),
            NextTokenLayers = 1,
        };
    }

    /// <summary>Writes a model as GGUF.</summary>
    public static void Save(Checkpoint model, string path, ModelWriterOptions? options = null) =>
        ModelWriter.Save(model, path, options, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The logits of every position, one after the other.</summary>
    public static double[] Logits(Checkpoint checkpoint) => Logits(LanguageModel.Load(checkpoint));

    /// <inheritdoc cref="Logits(Checkpoint)"/>
    public static double[] Logits(LanguageModel model, FittedAdapter? adapter = null)
    {
        List<double> logits = [];
        using SequenceEvaluator evaluator = new(model, Tokens.Length, threads: 2, adapter: adapter);
        evaluator.Append(Tokens, (_, row) =>
        {
            foreach (float logit in row)
                logits.Add(logit);
        });
        return [.. logits];
    }

    /// <summary>‖a − b‖ / ‖b‖.</summary>
    public static double RelativeError(double[] actual, double[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        return Math.Sqrt(actual.Zip(expected, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(b => b * b));
    }
}
