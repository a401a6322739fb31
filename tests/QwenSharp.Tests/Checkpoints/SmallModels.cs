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

    /// <summary>Writes a model as GGUF.</summary>
    public static void Save(Checkpoint model, string path, ModelWriterOptions? options = null) =>
        ModelWriter.Save(model, path, options, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The logits of every position, one after the other.</summary>
    public static double[] Logits(Checkpoint checkpoint) => Logits(LanguageModel.Load(checkpoint));

    /// <inheritdoc cref="Logits(Checkpoint)"/>
    public static double[] Logits(LanguageModel model)
    {
        List<double> logits = [];
        using SequenceEvaluator evaluator = new(model, Tokens.Length, threads: 2);
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
