namespace QwenSharp.Numerics.Tests;

public unsafe class VectorMathTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    [Theory]
    [MemberData(nameof(Isas))]
    public void Exp_is_within_one_unit_in_the_last_place(Isa isa)
    {
        // The whole range in steps, so that results run from subnormal to the greatest finite ones.
        const int Count = 1_000_000;
        float[] x = new float[Count];
        for (int i = 0; i < Count; i++)
            x[i] = -104f + (i * (192.7f / Count));

        float[] y = Exp(isa, x);
        double worst = 0;
        for (int i = 0; i < Count; i++)
        {
            double exact = Math.Exp(x[i]);
            double unit = MathF.BitIncrement((float)exact) - (float)exact;
            worst = Math.Max(worst, Math.Abs(y[i] - exact) / unit);
        }

        TestContext.Current.SendDiagnosticMessage($"exp, {isa}: at most {worst} units in the last place");
        Assert.InRange(worst, 0, 1);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Exp_is_right_at_the_edges(Isa isa)
    {
        float[] x =
        [
            0, -0f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 88.8f, -150, 1e30f, -1e30f, float.MaxValue, float.Epsilon, 1,
            -103.97f, 88.72f, 0, 0, 2,
        ];
        float[] y = Exp(isa, x);
        Assert.Equal(
            [1, 1, float.PositiveInfinity, 0, float.NaN, float.PositiveInfinity, 0, float.PositiveInfinity, 0, float.PositiveInfinity, 1],
            y[..11]);
        Assert.Equal(float.Epsilon, y[12]);
        Assert.True(float.IsFinite(y[13]));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Exp_is_the_same_in_any_lane_and_in_the_rest_of_a_row(Isa isa)
    {
        float[] x = Kernels.Random(101, 1, 20), whole = Exp(isa, x);
        for (int i = 0; i < x.Length; i++)
            Kernels.SameBits(whole.AsSpan(i), Exp(isa, x[i..]));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Every_half_widens_exactly(Isa isa)
    {
        Widens(isa, finite: false);
        Widens(isa, finite: true);
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Floats_narrow_to_the_nearest_even_half(Isa isa)
    {
        // Each half, what lies midway to the next, a hair to both sides of it, and random bits.
        List<float> cases = [float.PositiveInfinity, float.NegativeInfinity, 1e38f, -65505, 65519.9f, float.Epsilon, -0f];
        for (int bits = 0; bits < 0x7BFF; bits++)
        {
            float low = (float)BitConverter.UInt16BitsToHalf((ushort)bits), high = (float)BitConverter.UInt16BitsToHalf((ushort)(bits + 1));
            float middle = (low + high) / 2;
            cases.AddRange([low, -middle, middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle)]);
        }

        Random random = new(3);
        cases.AddRange(Enumerable.Range(0, 100_000).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))));
        float[] floats = [.. cases];
        Half[] halves = new Half[floats.Length];
        fixed (float* from = floats)
        fixed (Half* to = halves)
            VectorKernels.For(isa).Narrow(from, to, floats.Length);

        for (int i = 0; i < floats.Length; i++)
        {
            if (float.IsNaN(floats[i]))
            {
                Assert.True(Half.IsNaN(halves[i]));
            }
            else
            {
                Assert.Equal(
                    BitConverter.HalfToInt16Bits((Half)Math.Clamp(floats[i], -65504, 65504)),
                    BitConverter.HalfToInt16Bits(halves[i]));
            }
        }
    }

    private static void Widens(Isa isa, bool finite)
    {
        Half[] halves = [.. Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
        float[] floats = new float[halves.Length];
        fixed (Half* from = halves)
        fixed (float* to = floats)
            VectorKernels.For(isa).Widen(from, to, halves.Length, from, finite);

        for (int i = 0; i < halves.Length; i++)
        {
            if (finite && !Half.IsFinite(halves[i]))
                continue;

            if (Half.IsNaN(halves[i]))
                Assert.True(float.IsNaN(floats[i]));
            else
                Assert.Equal(BitConverter.SingleToInt32Bits((float)halves[i]), BitConverter.SingleToInt32Bits(floats[i]));
        }
    }

    private static float[] Exp(Isa isa, float[] x)
    {
        float[] y = new float[x.Length];
        fixed (float* from = x, to = y)
            VectorKernels.For(isa).ExpAndSum(from, 0, to, x.Length);

        return y;
    }
}
