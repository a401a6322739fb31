using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace QwenSharp.Numerics;

/// <summary>
/// The innermost loop of a packed matrix product (Goto and van de Geijn, 2008): a tile of the result stays in registers while
/// one panel of each operand goes by. In F32 an element is one chain of fused multiply-adds in the order of the depth, so all kernels
/// give the same bits where the processor fuses.
/// </summary>
internal abstract unsafe class GemmKernel : IDisposable
{
    /// <summary>Rows of a tile: the width of A's panels.</summary>
    public abstract int Rows { get; }

    /// <summary>Columns of a tile: the width of B's panels.</summary>
    public abstract int Columns { get; }

    /// <summary>Whether panels hold pairs of BF16, two depths in 32 bits, in place of a float for each depth.</summary>
    public virtual bool TakesPairs => false;

    /// <summary>
    /// The F32 kernel of an instruction set. Two vectors of columns leave room for 6 rows of sums in 16 registers, and for 12 in 32:
    /// enough sums that do not wait for each other, and few loads for each multiply-add.
    /// </summary>
    public static GemmKernel For(Isa isa) => isa switch
    {
        Isa.Avx512 or Isa.Avx512Vnni => new TwelveRowKernel<Simd512, Vector512<float>>(),
        Isa.Avx2 => new SixRowKernel<Simd256, Vector256<float>>(),
        Isa.Vector128 when AdvSimd.Arm64.IsSupported => new TwelveRowKernel<Simd128, Vector128<float>>(),
        Isa.Vector128 => new SixRowKernel<Simd128, Vector128<float>>(),
        _ => new SixRowKernel<Simd1, float>(),
    };

    /// <summary>The kernel of an instruction set for products whose operands are rounded to BF16.</summary>
    /// <exception cref="ArgumentException">This processor has none; see <see cref="TrainingPrecisions.IsAvailable"/>.</exception>
    public static GemmKernel ForBfloat(Isa isa) => isa switch
    {
        Isa.Avx512 or Isa.Avx512Vnni when Bfloat16.IsAccelerated => new AssembledBfloatKernel(),
        Isa.Scalar => new PlainBfloatKernel(),
        _ => throw new ArgumentException($"There are no products of BF16 with {isa} on this processor.", nameof(isa)),
    };

    /// <summary>Frees what a kernel that was assembled stands in.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>
    /// What a depth comes to in a panel: a float each, or a pair for two, the last with zeros beside it where the depth is odd.
    /// </summary>
    public int Units(int depth) => TakesPairs ? (depth + 1) / 2 : depth;

    /// <summary>c[m, n] (+)= Σₖ a[k, m] b[k, n] for a whole tile.</summary>
    /// <param name="a">A panel: [depth, <see cref="Rows"/>].</param>
    /// <param name="b">A panel: [depth, <see cref="Columns"/>].</param>
    /// <param name="depth">Products of a sum, in <see cref="Units"/>.</param>
    /// <param name="c">The tile, rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from a row of <paramref name="c"/> to the next.</param>
    /// <param name="add">Whether the sums are added to what <paramref name="c"/> holds.</param>
    public abstract void Multiply(float* a, float* b, int depth, float* c, nint stride, bool add);

    /// <summary>
    /// <see cref="Multiply"/> for a tile of which only <paramref name="rows"/> rows and <paramref name="columns"/> columns exist.
    /// </summary>
    /// <param name="a">A panel.</param>
    /// <param name="b">A panel.</param>
    /// <param name="depth">Products of a sum, in <see cref="Units"/>.</param>
    /// <param name="c">The part of a tile.</param>
    /// <param name="stride">Floats from a row of <paramref name="c"/> to the next.</param>
    /// <param name="add">Whether the sums are added to what <paramref name="c"/> holds.</param>
    /// <param name="rows">At most <see cref="Rows"/>.</param>
    /// <param name="columns">At most <see cref="Columns"/>.</param>
    /// <param name="tile">Room for a whole tile.</param>
    public void MultiplyPart(float* a, float* b, int depth, float* c, nint stride, bool add, int rows, int columns, float* tile)
    {
        Multiply(a, b, depth, tile, Columns, add: false);
        for (int row = 0; row < rows; row++, c += stride, tile += Columns)
        {
            for (int column = 0; column < columns; column++)
                c[column] = add ? c[column] + tile[column] : tile[column];
        }
    }
}
