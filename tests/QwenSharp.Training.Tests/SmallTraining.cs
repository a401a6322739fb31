using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training.Tests;

/// <summary>Models and batches that are small enough for differences in double precision.</summary>
internal static class SmallTraining
{
    public static readonly IReadOnlyDictionary<string, ModelConfig> Configs = new Dictionary<string, ModelConfig>
    {
        ["qwen3, tied"] = Config("qwen3", heads: 4, kvHeads: 2, headLength: 8) with { HasTiedHead = true },
        ["qwen3, groups of three"] = Config("qwen3", heads: 3, kvHeads: 1, headLength: 16),
        ["qwen3, rotated in part"] = Config("qwen3", heads: 2, kvHeads: 2, headLength: 16) with { RotaryLength = 8, HasTiedHead = true },
        ["qwen2, biases"] = Config("qwen2", heads: 4, kvHeads: 1, headLength: 8) with { HasQkvBias = true, HasQkNorm = false },
    };

    /// <summary>Two texts and a row of padding; some tokens do not count, some count half.</summary>
    public static TrainingBatch Batch(ModelConfig config, int seed = 1, int rows = 17)
    {
        Random random = new(seed);
        int[] tokens = [.. Enumerable.Range(0, rows).Select(_ => random.Next(config.VocabularySize))];
        int first = rows / 3;
        return new TrainingBatch
        {
            Tokens = tokens,
            Targets = [.. Enumerable.Range(0, rows).Select(row => row == first - 1 || row >= rows - 2 ? -1 : tokens[row + 1])],
            Weights =
            [
                .. Enumerable
                    .Range(0, rows)
                    .Select(row =>
                        row == first - 1 || row >= rows - 2 ? 0
                        : row % 5 == 0 ? 0
                        : row % 3 == 0 ? 0.5f
                        : 1),
            ],
            Positions =
            [
                .. Enumerable
                    .Range(0, rows)
                    .Select(row =>
                        row < first ? row
                        : row < rows - 1 ? row - first
                        : 0),
            ],
            Segments = [0, first, rows - 1, rows],
        };
    }

    /// <summary>Moves every weight away from where symmetry could hide a fault: norms from 1, biases from 0.</summary>
    public static TrainableModel Model(ModelConfig config, ulong seed = 7)
    {
        TrainableModel model = TrainableModel.Create(config, seed);
        foreach (Parameter parameter in model.Parameters)
            Shake(parameter, parameter.IsMatrix ? 0.2f : 0.1f);

        return model;
    }

    public static void Shake(Parameter parameter, float by)
    {
        Random random = new(parameter.Name.Sum(letter => letter));
        for (int row = 0; row < parameter.Value.Capacity; row++)
        {
            foreach (ref float value in parameter.Value.Row(row))
                value += by * (2 * random.NextSingle() - 1);
        }
    }

    /// <summary>Gradients of the mean loss of some batches.</summary>
    public static double Gradients(
        TrainableModel model,
        TrainingBatch[] batches,
        bool recomputes = false,
        int threads = 2,
        ulong dropoutSeed = 0)
    {
        using TrainingCompute compute = new(threads);
        using TrainingWorkspace workspace = new(model, batches.Max(batch => batch.Tokens.Length), recomputes);
        foreach (Parameter parameter in model.Parameters)
            parameter.Gradient.Clear();

        double weights = batches.Sum(batch => batch.Weights.Sum());
        return batches.Sum(batch => model.AddGradients(compute, batch, workspace, (float)(1 / weights), dropoutSeed)) / weights;
    }

    public static float[] Elements(HostActivations matrix) =>
        [.. Enumerable.Range(0, matrix.Capacity).SelectMany(row => matrix.Row(row).ToArray())];

    private static ModelConfig Config(string architecture, int heads, int kvHeads, int headLength) => new()
    {
        Architecture = architecture,
        VocabularySize = 29,
        Width = 24,
        Layers = 2,
        Heads = heads,
        KvHeads = kvHeads,
        HeadLength = headLength,
        FeedForwardWidth = 40,
        ContextLength = 64,
        HasQkNorm = architecture == "qwen3",
    };
}
