using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Numerics.Tests;

/// <summary>The pieces of a packed product by themselves, in sizes that only some processors use.</summary>
public unsafe class GemmPieceTests
{
    [Fact]
    public void Panels_hold_every_element_once_and_zeros_beside_them()
    {
        Gen<(int Width, int Lines, int Depth, int Spare, int Seed)> cases =
            from width in Gen.Elements(2, 6, 8, 12, 16, 32)
            from lines in Gen.Choose(1, width)
            from depth in Gen.Choose(1, 40)
            from spare in Gen.Choose(0, 5)
            from seed in Gen.Choose(0, int.MaxValue)
            select (width, lines, depth, spare, seed);
        Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            (int width, int lines, int depth, int spare, int seed) = drawn;
            int alongDepth = depth + spare, alongLines = lines + spare;
            float[] byLine = Kernels.Random(lines * alongDepth, seed), byDepth = Kernels.Random(depth * alongLines, seed);
            float[] transposed = [.. Enumerable.Repeat(float.NaN, width * depth)], copied = [.. transposed];
            fixed (float* lineRows = byLine, depthRows = byDepth, first = transposed, second = copied)
            {
                Panels.Transpose(lineRows, alongDepth, lines, depth, first, width);
                Panels.Copy(depthRows, alongLines, lines, depth, second, width);
            }

            return Enumerable
                .Range(0, width * depth)
                .All(at =>
                {
                    (int k, int line) = (at / width, at % width);
                    return transposed[at] == (line < lines ? byLine[line * alongDepth + k] : 0)
                        && copied[at] == (line < lines ? byDepth[k * alongLines + line] : 0);
                });
        })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithReplay(new Replay(new Rnd(20260101UL, 1UL), null)));
    }

    [Fact]
    public void Tiles_of_six_and_of_twelve_rows_are_the_same_sums()
    {
        Assert.SkipUnless(Fma.IsSupported || AdvSimd.IsSupported, "This processor rounds twice where others fuse.");
        List<GemmKernel> kernels =
        [
            new SixRowKernel<Simd1, float>(),
            new TwelveRowKernel<Simd1, float>(),
            new SixRowKernel<Simd128, Vector128<float>>(),
            new TwelveRowKernel<Simd128, Vector128<float>>(),
        ];
        if (InstructionSets.Available.Contains(Isa.Avx2))
            kernels.AddRange([new SixRowKernel<Simd256, Vector256<float>>(), new TwelveRowKernel<Simd256, Vector256<float>>()]);
        if (InstructionSets.Available.Contains(Isa.Avx512))
            kernels.AddRange([new SixRowKernel<Simd512, Vector512<float>>(), new TwelveRowKernel<Simd512, Vector512<float>>()]);

        foreach (GemmKernel kernel in kernels)
        {
            foreach (int depth in new[] { 1, 2, 37, 256 })
            {
                foreach (bool add in new[] { false, true })
                    CheckTile(kernel, depth, add);
            }
        }
    }

    private static void CheckTile(GemmKernel kernel, int depth, bool add)
    {
        int rows = kernel.Rows,
            columns = kernel.Columns,
            stride = columns + 3;
        float[] a = Kernels.Random(rows * depth, 1),
            b = Kernels.Random(columns * depth, 2),
            c = Kernels.Random(rows * stride, 3),
            part = [.. c],
            before = [.. c],
            tile = new float[rows * columns];
        fixed (
            float* left = a,
                right = b,
                whole = c,
                some = part,
                room = tile)
        {
            kernel.Multiply(left, right, depth, whole, stride, add);
            kernel.MultiplyPart(left, right, depth, some, stride, add, rows - 1, columns - 1, room);
        }

        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < stride; n++)
            {
                float sum = 0;
                for (int k = 0; k < depth && n < columns; k++)
                    sum = MathF.FusedMultiplyAdd(a[k * rows + m], b[k * columns + n], sum);

                int at = m * stride + n;
                float expected = n >= columns ? before[at] : add ? before[at] + sum : sum;
                Assert.Equal(expected, c[at]);
                Assert.Equal(m < rows - 1 && n < columns - 1 ? expected : before[at], part[at]);
            }
        }
    }
}
