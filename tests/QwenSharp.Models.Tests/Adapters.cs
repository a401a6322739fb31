using System.Runtime.InteropServices;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>Adapters of random numbers, strong enough that nobody could overlook them.</summary>
internal static class Adapters
{
    /// <summary>An adapter of matrices of a model.</summary>
    /// <param name="config">The model.</param>
    /// <param name="seed">The same seed gives the same adapter.</param>
    /// <param name="rank">Its rank.</param>
    /// <param name="targets">Which of the model's matrices; null for all that can change.</param>
    /// <param name="type">How A and B are stored.</param>
    /// <param name="isRankStabilized">Whether the scale is α/√rank.</param>
    public static LoraAdapter Create(
        ModelConfig config,
        int seed,
        int rank = 4,
        Func<string, bool>? targets = null,
        TensorType type = TensorType.F32,
        bool isRankStabilized = false)
    {
        Random random = new(seed);
        return new LoraAdapter(
            $"adapter {seed}",
            config.Architecture,
            alpha: 3,
            Targets(config)
                .Where(tensor => targets?.Invoke(tensor.Name) ?? true)
                .Select(tensor => Pair(tensor.Name, tensor.Columns, tensor.Rows, rank, random, type)),
            isRankStabilized);
    }

    /// <summary>A pair for a matrix of shape [columns, rows].</summary>
    public static LoraPair Pair(
        string target,
        int columns,
        int rows,
        int rank,
        Random random,
        TensorType type = TensorType.F32,
        float? alpha = null
    ) =>
        target == "token_embd.weight"
            ? new(target, Matrix(rank, rows, 1, random, type), Matrix(rank, columns, 0.3 / rank, random, type), alpha)
            : new(target, Matrix(columns, rank, 1 / Math.Sqrt(columns), random, type), Matrix(rank, rows, 0.3, random, type), alpha);

    /// <summary>The matrices that an adapter may change.</summary>
    public static IEnumerable<Tensor> Targets(ModelConfig config) =>
        RandomWeights
            .Create(config, WeightMix.Find("f32"))
            .Where(tensor =>
                tensor.Shape.Length == 2
                && !tensor.Name.Contains("conv1d", StringComparison.Ordinal)
                && !tensor.Name.Contains("nextn", StringComparison.Ordinal)
                && !(config.HasTiedHead && tensor.Name == "token_embd.weight"));

    public static Tensor Matrix(int columns, int rows, double deviation, Random random, TensorType type = TensorType.F32)
    {
        float[] values = new float[columns * rows];
        foreach (ref float value in values.AsSpan())
            value = (float)(deviation * ((random.NextDouble() * 2) - 1) * Math.Sqrt(3));

        byte[] data = new byte[type.Bytes(values.Length)];
        Quantization.Quantize(type, values, data);
        return Tensor.Copy("matrix", type, [columns, rows], data);
    }

    /// <summary>The model's weights with an adapter added to them.</summary>
    public static LanguageModel Merge(ModelConfig config, IEnumerable<Tensor> weights, LoraAdapter adapter) =>
        new(
            config,
            weights
                .Select(weight =>
                {
                    if (adapter.Find(weight.Name) is not { } pair)
                        return weight;

                    float[] values = MemoryMarshal.Cast<byte, float>(weight.Data).ToArray();
                    LoraDelta delta = new(adapter, pair);
                    for (int row = 0; row < delta.Rows; row++)
                        delta.AddTo(row, values.AsSpan(row * delta.Columns, delta.Columns));

                    return Tensor.Copy(weight.Name, TensorType.F32, weight.Shape, MemoryMarshal.AsBytes<float>(values));
                }).ToArray());
}
