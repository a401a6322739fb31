using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

/// <summary>
/// Products whose operands are rounded to BF16: rounding, the assembled tile against its plain twin, and whole products against double
/// precision.
/// </summary>
public unsafe class BfloatProductTests
{
    public static TheoryData<Isa> Isas =>
        [.. InstructionSets.Available.Where(isa => TrainingPrecisions.IsAvailable(TrainingPrecision.BF16, isa))];

    [Fact]
    public void Pairs_are_neighbours_in_depth_rounded_to_the_nearest_and_ties_to_even()
    {
        Gen<(int Width, int Depth, int Seed)> cases =
            from width in Gen.Elements(4, 12, 16, 32)
            from depth in Gen.Choose(1, 9)
            from seed in Gen.Choose(0, int.MaxValue)
            select (width, depth, seed);
        Prop.ForAll(
                cases.ToArbitrary(),
                drawn =>
                {
                    (int width, int depth, int seed) = drawn;
                    float[] panel = Kernels.Random(width * depth, seed);
                    panel[0] = BitConverter.UInt32BitsToSingle(0x3F808000);
                    panel[1] = BitConverter.UInt32BitsToSingle(0x3F818000);
                    (panel[2], panel[3]) = (float.PositiveInfinity, -0.0f);
                    uint[] pairs = new uint[width * ((depth + 1) / 2)];
                    fixed (float* from = panel)
                    fixed (uint* to = pairs)
                        Bfloat16.Pair(from, depth, width, to);

                    return Enumerable
                        .Range(0, pairs.Length)
                        .All(at =>
                        {
                            (int k, int line) = (2 * (at / width), at % width);
                            return Bfloat16.Low(pairs[at]).Equals(Rounded(panel[k * width + line]))
                                && Bfloat16.High(pairs[at]).Equals(k + 1 < depth ? Rounded(panel[(k + 1) * width + line]) : 0);
                        });
                })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(new Replay(new Rnd(20260101UL, 1UL), null)));

        Assert.Equal(
            (1.0f, 1.015625f),
            (Rounded(BitConverter.UInt32BitsToSingle(0x3F808000)), Rounded(BitConverter.UInt32BitsToSingle(0x3F818000))));
    }

    [Fact]
    public void The_assembled_tile_gives_the_sums_of_its_plain_twin()
    {
        Assert.SkipUnless(Bfloat16.IsAccelerated, "This processor has no products of BF16.");
        using AssembledBfloatKernel assembled = new();
        PlainBfloatKernel plain = new();
        foreach (int units in new[] { 1, 2, 19, 128 })
        {
            foreach (bool add in new[] { false, true })
            {
                int stride = plain.Columns + 3;
                float[] a = Pairs(plain.Rows * units, 1),
                    b = Pairs(plain.Columns * units, 2),
                    c = Kernels.Random(plain.Rows * stride, 3),
                    expected = [.. c];
                fixed (
                    float* left = a,
                        right = b,
                        whole = c,
                        twin = expected)
                {
                    assembled.Multiply(left, right, units, whole, stride, add);
                    plain.Multiply(left, right, units, twin, stride, add);
                }

                Assert.All(c.Zip(expected), pair => Assert.InRange(pair.First - pair.Second, -1e-5f * units, 1e-5f * units));
                for (int row = 0; row < plain.Rows; row++)
                    Assert.Equal(expected.AsSpan(row * stride + plain.Columns, 3), c.AsSpan(row * stride + plain.Columns, 3));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Products_are_those_of_rounded_operands_in_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(2, isa, TrainingPrecision.BF16);
        foreach ((int rows, int width, int outputs) in Products.Shapes)
        {
            using HostActivations x = Kernels.Matrix(rows, width, 1),
                dy = Kernels.Matrix(rows, outputs, 500),
                w = Kernels.Matrix(outputs, width, 900);
            Tensor weight = w.AsTensor("w");
            string what = $"{isa} {rows}×{width}→{outputs}";
            using HostActivations y = Kernels.Matrix(rows, outputs, 3),
                dx = Kernels.Matrix(rows, width, 4),
                dw = Kernels.Matrix(outputs, width, 5),
                before = Kernels.Matrix(rows, outputs, 3);
            compute.Multiply(x, rows, weight, y, accumulate: true);
            Products.Close(
                Loosened(
                    Products.Of(
                        rows,
                        width,
                        outputs,
                        (r, i) => Rounded(x.Row(r)[i]),
                        (i, o) => Rounded(w.Row(o)[i]),
                        (r, o) => before.Row(r)[o])),
                y,
                $"y {what}");

            compute.MultiplyTransposed(dy, rows, weight, dx);
            Products.Close(
                Loosened(Products.Of(rows, outputs, width, (r, o) => Rounded(dy.Row(r)[o]), (o, i) => Rounded(w.Row(o)[i]))),
                dx,
                $"dx {what}");

            compute.MultiplyOuter(dy, x, rows, dw, accumulate: false);
            Products.Close(
                Loosened(Products.Of(outputs, rows, width, (o, r) => Rounded(dy.Row(r)[o]), (r, i) => Rounded(x.Row(r)[i]))),
                dw,
                $"dw {what}");
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Any_number_of_threads_gives_the_same_bits(Isa isa) => Products.SameBitsWithAnyThreads(isa, TrainingPrecision.BF16);

    [Theory]
    [MemberData(nameof(Isas))]
    public void What_is_no_number_is_none_in_its_row_and_nowhere_else(Isa isa)
    {
        using TrainingCompute compute = new(2, isa, TrainingPrecision.BF16);
        using HostActivations x = Kernels.Matrix(14, 270, 1), w = Kernels.Matrix(35, 270, 50), y = new(14, 35);
        (x.Row(3)[261], x.Row(5)[2]) = (float.NaN, float.PositiveInfinity);
        compute.Multiply(x, 14, w.AsTensor("w"), y);
        for (int row = 0; row < 14; row++)
            Assert.All(y.Row(row).ToArray(), value => Assert.Equal(row is 3 or 5, !float.IsFinite(value)));
    }

    [Fact]
    public void A_processor_without_them_says_so()
    {
        Assert.True(TrainingPrecisions.IsAvailable(TrainingPrecision.F32, Isa.Vector128));
        Assert.False(TrainingPrecisions.IsAvailable(TrainingPrecision.BF16, Isa.Vector128));
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new TrainingCompute(1, Isa.Vector128, TrainingPrecision.BF16));
        Assert.Contains("BF16", refusal.Message);
    }

    // Two roundings a pair where F32 fuses one a product, and denormal sums are zero.
    private static (double, double)[,] Loosened((double Value, double Error)[,] products)
    {
        for (int m = 0; m < products.GetLength(0); m++)
        {
            for (int n = 0; n < products.GetLength(1); n++)
                products[m, n].Error = 2 * products[m, n].Error + 1e-37;
        }

        return products;
    }

    private static float[] Pairs(int count, int seed) =>
        [
            .. Kernels
                .Random(2 * count, seed)
                .Chunk(2)
                .Select(two =>
                    BitConverter.UInt32BitsToSingle(
                        BitConverter.SingleToUInt32Bits(Rounded(two[0])) >> 16
                            | BitConverter.SingleToUInt32Bits(Rounded(two[1])) & 0xFFFF0000)),
        ];

    private static float Rounded(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        (float below, float above) = (
            BitConverter.UInt32BitsToSingle(bits & 0xFFFF0000),
            BitConverter.UInt32BitsToSingle((bits & 0xFFFF0000) + 0x10000));
        if (value == below || !float.IsFinite(value))
            return value;

        (double down, double up) = (Math.Abs((double)value - below), Math.Abs((double)above - value));
        return down < up || (down == up && (bits >> 16 & 1) == 0) ? below : above;
    }
}
