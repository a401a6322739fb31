namespace QwenSharp.Numerics.Tests;

/// <summary>One sequence of random queries, keys and values, and its attention in double precision by the textbook.</summary>
internal sealed class AttentionReference(TensorType type, int heads, int kvHeads, int length, int tokens, int seed, float scale = 1)
{
    private float[] _storedKeys = [], _storedValues = [];

    public int Tokens => tokens;

    public float[] Queries { get; } = Kernels.Random(tokens * heads * length, seed, scale);

    public float[] Keys { get; } = Kernels.Random(tokens * kvHeads * length, seed + 1, scale);

    public float[] Values { get; } = Kernels.Random(tokens * kvHeads * length, seed + 2);

    /// <summary>[heads × length] of one position.</summary>
    public double[] Output(int position)
    {
        if (_storedKeys.Length == 0)
            (_storedKeys, _storedValues) = (Stored(type, Keys), Stored(type, Values));

        double[] y = new double[heads * length];
        for (int h = 0; h < heads; h++)
        {
            int kv = h / (heads / kvHeads);
            double[] scores = new double[position + 1];
            for (int p = 0; p <= position; p++)
            {
                for (int i = 0; i < length; i++)
                {
                    scores[p] +=
                        Queries[(((position * heads) + h) * length) + i]
                        * (double)_storedKeys[(((p * kvHeads) + kv) * length) + i]
                        / Math.Sqrt(length);
                }
            }

            double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
            for (int p = 0; p <= position; p++)
            {
                for (int i = 0; i < length; i++)
                    y[(h * length) + i] += Math.Exp(scores[p] - max) / sum * _storedValues[(((p * kvHeads) + kv) * length) + i];
            }
        }

        return y;
    }

    /// <summary>Copies rows first … first + count − 1 into a batch.</summary>
    public void CopyTo(int first, int count, HostActivations queries, HostActivations keys, HostActivations values, int row)
    {
        for (int i = 0; i < count; i++)
        {
            Queries.AsSpan((first + i) * queries.Width, queries.Width).CopyTo(queries.Row(row + i));
            Keys.AsSpan((first + i) * keys.Width, keys.Width).CopyTo(keys.Row(row + i));
            Values.AsSpan((first + i) * values.Width, values.Width).CopyTo(values.Row(row + i));
        }
    }

    private static float[] Stored(TensorType type, float[] x) => type switch
    {
        TensorType.F16 => [.. x.Select(value => (float)(Half)value)],
        TensorType.BF16 => [.. x.Select(Bfloat)],
        TensorType.Q8_0 => [.. x.Chunk(32).SelectMany(Bytes)],
        _ => x,
    };

    private static float Bfloat(float value)
    {
        // The two neighbours, and the nearer of them, or the even one.
        uint bits = BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000;
        float below = BitConverter.UInt32BitsToSingle(bits), above = BitConverter.UInt32BitsToSingle(bits + 0x10000);
        double toBelow = Math.Abs((double)value - below), toAbove = Math.Abs((double)above - value);
        return toBelow < toAbove || (toBelow == toAbove && (bits & 0x10000) == 0) ? below : above;
    }

    private static float[] Bytes(float[] block)
    {
        float scale = (float)(Half)(block.Max(MathF.Abs) / 127);
        return [.. block.Select(value => scale * Math.Clamp(MathF.Round(value * (1 / scale), MidpointRounding.ToEven), -127, 127))];
    }
}
