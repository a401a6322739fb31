using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Engine;

/// <summary>
/// The likeliest tokens of a position, best first, lower id first among equals; found without sorting the whole vocabulary.
/// </summary>
internal sealed class Candidates(int vocabularySize)
{
    // One integer orders a token: the logit's bits, made to descend, above the id.
    private readonly ulong[] _keys = new ulong[vocabularySize];

    /// <summary>
    /// How many tokens may be chosen at all, the others having a logit of −∞: where all of them are gathered, no more come.
    /// </summary>
    public int Possible { get; set; } = vocabularySize;

    /// <summary>How many tokens there are.</summary>
    public int Count { get; private set; }

    /// <summary>The n-th best token.</summary>
    public int Id(int n) => (int)(uint)_keys[n];

    /// <summary>The logit of the n-th best token.</summary>
    public float Logit(int n)
    {
        uint ascending = ~(uint)(_keys[n] >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending & 0x7FFFFFFF : ~ascending);
    }

    /// <summary>Gathers the <paramref name="count"/> best tokens.</summary>
    /// <param name="logits">Of the whole vocabulary, none NaN.</param>
    /// <param name="max">The highest of them.</param>
    /// <param name="count">How many; all if there are fewer.</param>
    public void TakeBest(ReadOnlySpan<float> logits, float max, int count)
    {
        // Logits lie densest far below the maximum: a threshold that sinks by doubling steps gathers few more than it needs.
        for (float depth = 1; ; depth *= 2)
        {
            Gather(logits, max - depth);
            if (Count >= count || Count >= Possible)
                break;
        }

        Sort();
        Count = Math.Min(Count, count);
    }

    /// <summary>
    /// Gathers the best tokens that together have at least <paramref name="mass"/> of Σ exp((x − max) · scale), and maybe more.
    /// </summary>
    public void TakeMass(ReadOnlySpan<float> logits, float max, float scale, double mass)
    {
        for (float depth = 1; ; depth *= 2)
        {
            Gather(logits, max - depth / scale);
            double gathered = 0;
            for (int n = 0; n < Count; n++)
                gathered += Math.Exp(((double)Logit(n) - max) * scale);

            if (gathered >= mass || Count >= Possible)
                break;
        }

        Sort();
    }

    /// <summary>Gathers all tokens whose logit is at least <paramref name="threshold"/>.</summary>
    public void TakeAbove(ReadOnlySpan<float> logits, float threshold)
    {
        Gather(logits, threshold);
        Sort();
    }

    private void Gather(ReadOnlySpan<float> logits, float threshold)
    {
        Count = 0;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> bound = new(threshold);
        for (int v = 0; v < vectors.Length; v++)
        {
            if (Vector.GreaterThanOrEqualAny(vectors[v], bound))
                GatherEach(logits, v * Vector<float>.Count, (v + 1) * Vector<float>.Count, threshold);
        }

        GatherEach(logits, vectors.Length * Vector<float>.Count, logits.Length, threshold);
    }

    private void GatherEach(ReadOnlySpan<float> logits, int from, int to, float threshold)
    {
        for (int id = from; id < to; id++)
        {
            if (!(logits[id] >= threshold))
                continue;

            // Adding zero turns −0 into +0, which would order below it.
            uint bits = BitConverter.SingleToUInt32Bits(logits[id] + 0f);
            uint ascending = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
            _keys[Count++] = ((ulong)~ascending << 32) | (uint)id;
        }
    }

    private void Sort() => _keys.AsSpan(0, Count).Sort();
}
