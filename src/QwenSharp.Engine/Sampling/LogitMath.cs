using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Engine;

/// <summary>Reductions over the logits of a position: a vocabulary of 150 000 is read several times a token.</summary>
internal static class LogitMath
{
    /// <summary>The highest logit; NaN if any is NaN.</summary>
    public static float Max(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> highest = new(float.NegativeInfinity);
        Vector<int> ordered = Vector<int>.AllBitsSet;
        foreach (Vector<float> vector in vectors)
        {
            highest = Vector.Max(highest, vector);
            ordered &= Vector.Equals(vector, vector);
        }

        if (ordered != Vector<int>.AllBitsSet)
            return float.NaN;

        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
            max = MathF.Max(max, highest[lane]);
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
            max = MathF.Max(max, logit);

        return max;
    }

    /// <summary>Σ exp((x − max) · scale).</summary>
    public static double SumExp(ReadOnlySpan<float> logits, float max, float scale)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> shift = new(max);
        double sum = 0;

        // Runs short enough that adding floats loses nothing that matters.
        const int Run = 64;
        for (int start = 0; start < vectors.Length; start += Run)
        {
            Vector<float> partial = Vector<float>.Zero;
            foreach (Vector<float> vector in vectors.Slice(start, Math.Min(Run, vectors.Length - start)))
                partial += Vector.Exp((vector - shift) * scale);

            sum += Vector.Sum(partial);
        }

        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
            sum += MathF.Exp((logit - max) * scale);

        return sum;
    }
}
