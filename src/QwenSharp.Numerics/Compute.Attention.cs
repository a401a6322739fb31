using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>The rows of one sequence in a batch, and where its keys and values are kept.</summary>
/// <param name="FirstRow">The sequence's first row in the batch.</param>
/// <param name="Rows">How many consecutive rows are its.</param>
/// <param name="FirstPosition">The position of the first of these rows in the sequence; earlier positions are already stored.</param>
/// <param name="Blocks">Block numbers of the KV store: position p lies in block Blocks[p / BlockTokens].</param>
public readonly record struct SequenceRows(int FirstRow, int Rows, int FirstPosition, int[] Blocks);

public sealed partial class Compute
{
    /// <summary>Stores keys and values of new positions, rounding to the store's type.</summary>
    /// <param name="store">Where to.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="keys">[rows, kvHeads × headLength].</param>
    /// <param name="values">[rows, kvHeads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    public unsafe void StoreKeysAndValues(KvStore store, int layer, Activations keys, Activations values, ReadOnlySpan<SequenceRows> sequences)
    {
        int length = store.HeadLength;
        foreach (SequenceRows sequence in sequences)
        {
            for (int i = 0; i < sequence.Rows; i++)
            {
                int position = sequence.FirstPosition + i, slot = position % KvStore.BlockTokens;
                int block = sequence.Blocks[position / KvStore.BlockTokens];
                for (int h = 0; h < store.KvHeads; h++)
                {
                    ReadOnlySpan<float> k = keys.Row(sequence.FirstRow + i).Slice(h * length, length);
                    ReadOnlySpan<float> v = values.Row(sequence.FirstRow + i).Slice(h * length, length);
                    for (int d = 0; d < length; d++)
                    {
                        Write(store.Type, store.Keys(block, layer, h), d * KvStore.BlockTokens + slot, k[d]);
                        Write(store.Type, store.Values(block, layer, h), slot * length + d, v[d]);
                    }
                }
            }
        }
    }

    /// <summary>
    /// Causal softmax attention with grouped queries (GQA, Ainslie et al., 2023): query head h reads KV head h / (heads / kvHeads);
    /// y = Σₚ softmax(q·kₚ / √headLength) vₚ over the positions p up to the row's own.
    /// </summary>
    /// <param name="store">Keys and values, the rows' own included.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="queries">[rows, heads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <param name="y">[rows, heads × headLength]; not the queries.</param>
    public unsafe void Attend(KvStore store, int layer, Activations queries, ReadOnlySpan<SequenceRows> sequences, Activations y)
    {
        int length = store.HeadLength, heads = queries.Width / length, group = heads / store.KvHeads;
        float scale = 1 / MathF.Sqrt(length);
        foreach (SequenceRows sequence in sequences)
        {
            for (int i = 0; i < sequence.Rows; i++)
            {
                int last = sequence.FirstPosition + i;
                float[] scores = new float[last + 1];
                for (int h = 0; h < heads; h++)
                {
                    ReadOnlySpan<float> q = queries.Row(sequence.FirstRow + i).Slice(h * length, length);
                    float max = float.NegativeInfinity;
                    for (int p = 0; p <= last; p++)
                    {
                        byte* k = store.Keys(sequence.Blocks[p / KvStore.BlockTokens], layer, h / group);
                        float dot = 0;
                        for (int d = 0; d < length; d++)
                            dot += q[d] * Read(store.Type, k, d * KvStore.BlockTokens + p % KvStore.BlockTokens);

                        scores[p] = dot * scale;
                        max = MathF.Max(max, scores[p]);
                    }

                    Span<float> output = y.Row(sequence.FirstRow + i).Slice(h * length, length);
                    output.Clear();
                    float sum = 0;
                    for (int p = 0; p <= last; p++)
                    {
                        byte* v = store.Values(sequence.Blocks[p / KvStore.BlockTokens], layer, h / group);
                        float weight = MathF.Exp(scores[p] - max);
                        sum += weight;
                        for (int d = 0; d < length; d++)
                            output[d] += weight * Read(store.Type, v, p % KvStore.BlockTokens * length + d);
                    }

                    for (int d = 0; d < length; d++)
                        output[d] /= sum;
                }
            }
        }
    }

    private static unsafe float Read(TensorType type, byte* at, int index) =>
        type == TensorType.F32 ? ((float*)at)[index] : (float)Unsafe.Read<Half>((Half*)at + index);

    private static unsafe void Write(TensorType type, byte* at, int index, float value)
    {
        if (type == TensorType.F32)
            ((float*)at)[index] = value;
        else
            ((Half*)at)[index] = (Half)Math.Clamp(value, -65504f, 65504f);
    }
}
