namespace QwenSharp.Numerics;

// The matrix products of training: a layer forward, its gradient by its input, and its gradient by its weights. Sums are F32 always,
// operands as Precision says.
public sealed partial class TrainingCompute
{
    private Gemm? _gemm;

    private Gemm Products =>
        _gemm ??= new Gemm(Pool, Precision == TrainingPrecision.BF16 ? GemmKernel.ForBfloat(Isa) : GemmKernel.For(Isa));

    /// <summary>
    /// Multiplies rows with a weight matrix: y[r, o] = Σᵢ x[r, i] W[o, i] (+ y[r, o]). Unlike <see cref="Compute.Project"/>, activations
    /// are not rounded: weights of any type are decoded to F32, a block at a time. A result's bits depend neither on the threads nor on
    /// the other rows.
    /// </summary>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">W, of shape [in, out].</param>
    /// <param name="y">[rows, out]; neither <paramref name="x"/> nor the weight's memory.</param>
    /// <param name="accumulate">Whether the product is added to what <paramref name="y"/> holds.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, the weight's type has no matrix product, or the output is an
    /// input.</exception>
    public unsafe void Multiply(Activations x, int rows, Tensor weight, Activations y, bool accumulate = false)
    {
        CheckProduct(x, rows, weight, weight.Columns, weight.Rows, y);
        if (rows > 0)
        {
            Products.Multiply(
                new GemmOperand(x, rowsAreLines: true),
                new GemmOperand(weight, rowsAreLines: true),
                rows,
                x.Width,
                y.Width,
                y.Pointer,
                accumulate);
        }

        Keep(x, y, weight);
    }

    /// <summary>
    /// The gradient of <see cref="Multiply"/> by its input: dx[r, i] = Σₒ dy[r, o] W[o, i] (+ dx[r, i]).
    /// A result's bits depend neither on the threads nor on the other rows.
    /// </summary>
    /// <param name="dy">[rows, out].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">W, of shape [in, out].</param>
    /// <param name="dx">[rows, in]; neither <paramref name="dy"/> nor the weight's memory.</param>
    /// <param name="accumulate">Whether the product is added to what <paramref name="dx"/> holds.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, the weight's type has no matrix product, or the output is an
    /// input.</exception>
    public unsafe void MultiplyTransposed(Activations dy, int rows, Tensor weight, Activations dx, bool accumulate = false)
    {
        CheckProduct(dy, rows, weight, weight.Rows, weight.Columns, dx);
        if (rows > 0)
        {
            Products.Multiply(
                new GemmOperand(dy, rowsAreLines: true),
                new GemmOperand(weight, rowsAreLines: false),
                rows,
                dy.Width,
                dx.Width,
                dx.Pointer,
                accumulate);
        }

        Keep(dy, dx, weight);
    }

    /// <summary>
    /// The gradient of <see cref="Multiply"/> by its weights: dw[o, i] (+)= Σᵣ dy[r, o] x[r, i].
    /// The sums are over blocks of 256 rows, added in order, so the bits do not depend on the threads.
    /// </summary>
    /// <param name="dy">[rows, out].</param>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="dw">[out, in], or more rows, which are left alone; neither <paramref name="dy"/> nor <paramref name="x"/>.</param>
    /// <param name="accumulate">Whether the product is added to what <paramref name="dw"/> holds; else it is overwritten, with zeros where
    /// there are no rows.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or the output is an input.</exception>
    public unsafe void MultiplyOuter(Activations dy, Activations x, int rows, Activations dw, bool accumulate = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (rows > dy.Capacity || rows > x.Capacity || dw.Width != x.Width || dw.Capacity < dy.Width)
        {
            throw new ArgumentException(
                $"The products of {rows} rows of [{dy.Capacity}, {dy.Width}] with [{x.Capacity}, {x.Width}] do not fit into "
                    + $"[{dw.Capacity}, {dw.Width}].",
                nameof(dw));
        }

        if (dw == dy || dw == x)
            throw new ArgumentException("The output of a matrix product is one of its inputs.", nameof(dw));

        if (rows > 0)
        {
            Products.Multiply(
                new GemmOperand(dy, rowsAreLines: false),
                new GemmOperand(x, rowsAreLines: false),
                dy.Width,
                rows,
                x.Width,
                dw.Pointer,
                accumulate);
        }
        else if (!accumulate)
        {
            for (int row = 0; row < dy.Width; row++)
                dw.Row(row).Clear();
        }

        Keep(dy, x, dw);
    }

    private static unsafe void CheckProduct(Activations x, int rows, Tensor weight, int from, int to, Activations y)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        if (x.Width != from || y.Width != to || rows > x.Capacity || rows > y.Capacity)
        {
            throw new ArgumentException(
                $"{weight} does not take {rows} rows of width {x.Width} to width {y.Width} ({x.Capacity} and {y.Capacity} rows of room).",
                nameof(weight));
        }

        if (!weight.Type.HasMatrixProduct())
            throw new ArgumentException($"{weight} is of a type without a matrix product.", nameof(weight));
        if (x == y || (void*)weight.Pointer == y.Pointer)
            throw new ArgumentException($"The output of {weight} is its input.", nameof(y));
    }
}
