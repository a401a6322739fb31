using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Tests;

namespace QwenSharp.Numerics.Tests;

public class TrainingProductTests
{
    public static TheoryData<Isa> Isas => Kernels.Isas;

    public static TheoryData<TensorType> Types => [.. Enum.GetValues<TensorType>().Where(type => type.HasMatrixProduct())];

    [Theory]
    [MemberData(nameof(Isas))]
    public void Products_are_those_of_double_precision(Isa isa)
    {
        using TrainingCompute compute = new(2, isa);
        foreach ((int rows, int width, int outputs) in Products.Shapes)
        {
            using HostActivations x = Kernels.Matrix(rows, width, 1),
                dy = Kernels.Matrix(rows, outputs, 500),
                w = Kernels.Matrix(outputs, width, 900);
            Tensor weight = w.AsTensor("w");
            foreach (bool accumulate in new[] { false, true })
            {
                string what = $"{isa} {rows}×{width}→{outputs}{(accumulate ? " added" : "")}";
                using HostActivations y = Kernels.Matrix(rows, outputs, 3),
                    dx = Kernels.Matrix(rows, width, 4),
                    dw = Kernels.Matrix(outputs, width, 5);
                var expected = Products.Of(rows, width, outputs, (r, i) => x.Row(r)[i], (i, o) => w.Row(o)[i], Before(y, accumulate));
                compute.Multiply(x, rows, weight, y, accumulate);
                Products.Close(expected, y, $"y {what}");

                expected = Products.Of(rows, outputs, width, (r, o) => dy.Row(r)[o], (o, i) => w.Row(o)[i], Before(dx, accumulate));
                compute.MultiplyTransposed(dy, rows, weight, dx, accumulate);
                Products.Close(expected, dx, $"dx {what}");

                expected = Products.Of(outputs, rows, width, (o, r) => dy.Row(r)[o], (r, i) => x.Row(r)[i], Before(dw, accumulate));
                compute.MultiplyOuter(dy, x, rows, dw, accumulate);
                Products.Close(expected, dw, $"dw {what}");
            }
        }
    }

    [Fact]
    public void Every_instruction_set_with_fused_multiply_add_gives_the_same_bits()
    {
        Assert.SkipUnless(Fma.IsSupported || AdvSimd.IsSupported, "This processor rounds twice where others fuse.");
        foreach ((int rows, int width, int outputs) in Products.Shapes)
        {
            using HostActivations y = new(rows, outputs), dx = new(rows, width), dw = new(outputs, width);
            using HostActivations otherY = new(rows, outputs), otherDx = new(rows, width), otherDw = new(outputs, width);
            Products.All(Isa.Scalar, 1, rows, y, dx, dw);
            foreach (Isa isa in InstructionSets.Available)
            {
                Products.All(isa, 2, rows, otherY, otherDx, otherDw);
                Products.SameBits(y, otherY, rows, $"y {isa} {rows}×{width}→{outputs}");
                Products.SameBits(dx, otherDx, rows, $"dx {isa} {rows}×{width}→{outputs}");
                Products.SameBits(dw, otherDw, outputs, $"dw {isa} {rows}×{width}→{outputs}");
            }
        }
    }

    [Fact]
    public void Any_shape_and_thread_count_gives_the_scalar_bits()
    {
        Assert.SkipUnless(Fma.IsSupported || AdvSimd.IsSupported, "This processor rounds twice where others fuse.");
        Gen<(int Rows, int In, int Out, int Threads)> cases =
            from rows in Gen.Choose(1, 300)
            from width in Gen.Choose(1, 300)
            from outputs in Gen.Choose(1, 300)
            from threads in Gen.Choose(1, 4)
            select (rows, width, outputs, threads);
        Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            (int rows, int width, int outputs, int threads) = drawn;
            using HostActivations y = new(rows, outputs), dx = new(rows, width), dw = new(outputs, width);
            using HostActivations otherY = new(rows, outputs), otherDx = new(rows, width), otherDw = new(outputs, width);
            Products.All(Isa.Scalar, 1, rows, y, dx, dw);
            foreach (Isa isa in InstructionSets.Available)
            {
                Products.All(isa, threads, rows, otherY, otherDx, otherDw);
                Products.SameBits(y, otherY, rows, $"y {isa} {drawn}");
                Products.SameBits(dx, otherDx, rows, $"dx {isa} {drawn}");
                Products.SameBits(dw, otherDw, outputs, $"dw {isa} {drawn}");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(new Replay(new Rnd(20260101UL, 1UL), null)));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Any_number_of_threads_gives_the_same_bits(Isa isa) => Products.SameBitsWithAnyThreads(isa, TrainingPrecision.F32);

    [Theory]
    [MemberData(nameof(Isas))]
    public void A_row_is_the_same_alone_and_in_a_crowd(Isa isa)
    {
        const int Rows = 200,
            In = 300,
            Out = 70;
        using TrainingCompute one = new(1, isa),
            many = new(3, isa);
        using HostActivations x = Kernels.Matrix(Rows, In, 1),
            y = new(Rows, Out),
            dx = new(Rows, In),
            single = new(1, In),
            singleY = new(1, Out),
            singleDx = new(1, In);
        Tensor weight = Samples.Weights(TensorType.F32, In, Out, seed: 2);
        many.Multiply(x, Rows, weight, y);
        many.MultiplyTransposed(y, Rows, weight, dx);
        for (int row = 0; row < Rows; row += 23)
        {
            x.Row(row).CopyTo(single.Row(0));
            one.Multiply(single, 1, weight, singleY);
            one.MultiplyTransposed(singleY, 1, weight, singleDx);
            Kernels.SameBits(singleY.Row(0), y.Row(row));
            Kernels.SameBits(singleDx.Row(0), dx.Row(row));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Weights_of_every_type_count_as_what_they_decode_to(TensorType type)
    {
        // More depths than a slab either way, and an end that is not a whole panel.
        int block = type.BlockLength(), width = block == 1 ? 531 : 768, rows = 9;
        foreach (int outputs in new[] { 1, 37, 300 })
        {
            Tensor weight = Samples.Weights(type, width, outputs, seed: 1), decoded = Products.Decoded(weight);
            foreach (Isa isa in InstructionSets.Available)
            {
                using TrainingCompute compute = new(2, isa);
                using HostActivations x = Kernels.Matrix(rows, width, 2),
                    y = Kernels.Matrix(rows, outputs, 3),
                    dx = new(rows, width),
                    otherY = Kernels.Matrix(rows, outputs, 3),
                    otherDx = new(rows, width);
                compute.MultiplyTransposed(y, rows, decoded, dx);
                compute.MultiplyTransposed(otherY, rows, weight, otherDx);
                Products.SameBits(dx, otherDx, rows, $"dx {isa} {type} {outputs}");
                compute.Multiply(x, rows, decoded, y, accumulate: true);
                compute.Multiply(x, rows, weight, otherY, accumulate: true);
                Products.SameBits(y, otherY, rows, $"y {isa} {type} {outputs}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void NaN_and_infinity_go_where_they_belong_and_nowhere_else(Isa isa)
    {
        const int Rows = 14, In = 270, Out = 35;
        using TrainingCompute compute = new(2, isa);
        using HostActivations x = Kernels.Matrix(Rows, In, 1), w = Kernels.Matrix(Out, In, 50), y = new(Rows, Out), dw = new(Out, In);
        x.Row(3)[261] = float.NaN;
        x.Row(5)[2] = float.PositiveInfinity;
        w.Row(33)[7] = float.NegativeInfinity;
        compute.Multiply(x, Rows, w.AsTensor("w"), y);
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Out; column++)
                Assert.Equal(row is 3 or 5 || column == 33, !float.IsFinite(y.Row(row)[column]));
        }

        Assert.All(y.Row(3).ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.Equal(w.Row(4)[2] > 0 ? float.PositiveInfinity : float.NegativeInfinity, y.Row(5)[4]);

        using HostActivations dy = Kernels.Matrix(Rows, Out, 80), clean = Kernels.Matrix(Rows, In, 90);
        dy.Row(13)[34] = float.NaN;
        compute.MultiplyOuter(dy, clean, Rows, dw, accumulate: false);
        for (int row = 0; row < Out; row++)
            Assert.All(dw.Row(row).ToArray(), value => Assert.Equal(row == 34, float.IsNaN(value)));
    }

    [Theory]
    [MemberData(nameof(Isas))]
    public void Only_the_rows_in_use_are_written(Isa isa)
    {
        using TrainingCompute compute = new(1, isa);
        using HostActivations x = Kernels.Matrix(10, 20, 1),
            y = Kernels.Matrix(10, 30, 2),
            untouched = Kernels.Matrix(10, 30, 2),
            dw = Kernels.Matrix(40, 20, 3),
            before = Kernels.Matrix(40, 20, 3);
        Tensor weight = Samples.Weights(TensorType.F32, 20, 30, seed: 4);
        compute.Multiply(x, 0, weight, y);
        Products.SameBits(untouched, y, 10, "no rows");
        compute.Multiply(x, 7, weight, y);
        for (int row = 7; row < 10; row++)
            Kernels.SameBits(untouched.Row(row), y.Row(row));

        compute.MultiplyOuter(y, x, 0, dw);
        Products.SameBits(before, dw, 40, "no rows added");
        compute.MultiplyOuter(y, x, 0, dw, accumulate: false);
        for (int row = 0; row < 40; row++)
        {
            if (row < 30)
                Assert.Equal(new float[20], dw.Row(row).ToArray());
            else
                Kernels.SameBits(before.Row(row), dw.Row(row));
        }

        compute.MultiplyOuter(y, x, 10, dw);
        Kernels.SameBits(before.Row(30), dw.Row(30));
    }

    [Fact]
    public void Products_allocate_nothing_once_they_have_run()
    {
        const int Rows = 130, In = 512, Out = 300;
        using TrainingCompute compute = new(2);
        using HostActivations x = Kernels.Matrix(Rows, In, 1), y = new(Rows, Out), dx = new(Rows, In), dw = new(Out, In);
        Tensor weight = Samples.Weights(TensorType.Q4_K, In, Out, seed: 2);
        Assert.Equal(0, Allocations.Least(Step));

        void Step()
        {
            compute.Multiply(x, Rows, weight, y);
            compute.MultiplyTransposed(y, Rows, weight, dx);
            compute.MultiplyOuter(y, x, Rows, dw);
        }
    }

    [Fact]
    public void Weights_that_are_trained_are_rows_seen_as_a_tensor()
    {
        using TrainingCompute compute = new(1);
        using HostActivations w = new(3, 2), single = new(1, 5), x = new(1, 2), y = new(1, 3);
        Tensor weight = w.AsTensor("blk.0.weight");
        Assert.Equal("blk.0.weight F32 [2, 3]", weight.ToString());
        Assert.Equal("norm F32 [5]", single.AsTensor("norm").ToString());
        (x.Row(0)[0], x.Row(0)[1]) = (1, 10);
        (w.Row(1)[0], w.Row(1)[1]) = (2, 3);
        compute.Multiply(x, 1, weight, y);
        Assert.Equal([0, 32, 0], y.Row(0).ToArray());
        w.Row(1)[1] = 4;
        compute.Multiply(x, 1, weight, y);
        Assert.Equal([0, 42, 0], y.Row(0).ToArray());
    }

    [Fact]
    public void Shapes_and_types_that_do_not_fit_are_refused()
    {
        using TrainingCompute compute = new(1);
        using HostActivations x = new(2, 256), y = new(2, 8), narrow = new(2, 7), square = new(2, 2), dw = new(8, 256), few = new(7, 256);
        Tensor weight = Samples.Weights(TensorType.Q4_K, 256, 8, seed: 17);
        Tensor integers = Tensor.Copy("ids", TensorType.I32, [256, 8], new byte[256 * 8 * 4]);
        Assert.Throws<ArgumentException>(() => compute.Multiply(x, 2, weight, narrow));
        Assert.Throws<ArgumentException>(() => compute.Multiply(narrow, 2, weight, y));
        Assert.Throws<ArgumentException>(() => compute.Multiply(x, 3, weight, y));
        Assert.Throws<ArgumentException>(() => compute.Multiply(x, 2, integers, y));
        Assert.ThrowsAny<ArgumentException>(() => compute.Multiply(x, -1, weight, y));
        Assert.Throws<ArgumentException>(() => compute.MultiplyTransposed(x, 2, weight, y));
        Assert.Throws<ArgumentException>(() => compute.MultiplyTransposed(y, 3, weight, x));
        Assert.Throws<ArgumentException>(() => compute.MultiplyOuter(y, x, 2, few));
        Assert.Throws<ArgumentException>(() => compute.MultiplyOuter(y, x, 3, dw));
        Assert.Throws<ArgumentException>(() => compute.MultiplyOuter(x, y, 2, dw));
        Assert.ThrowsAny<ArgumentException>(() => compute.MultiplyOuter(y, x, -1, dw));
        Assert.Throws<ArgumentException>(() => compute.Multiply(square, 2, new HostActivations(2, 2).AsTensor("w"), square));
        Assert.Throws<ArgumentException>(() => compute.Multiply(new HostActivations(2, 2), 2, square.AsTensor("w"), square));
        Assert.Throws<ArgumentException>(() => compute.MultiplyOuter(square, new HostActivations(2, 2), 2, square));
    }

    private static Func<int, int, double>? Before(HostActivations c, bool accumulate)
    {
        float[][] before = [.. Enumerable.Range(0, c.Capacity).Select(row => c.Row(row).ToArray())];
        return accumulate ? (m, n) => before[m][n] : null;
    }
}
