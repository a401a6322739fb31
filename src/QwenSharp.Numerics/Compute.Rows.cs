namespace QwenSharp.Numerics;

// What is done to each row by itself, and to rows as wholes.
public abstract partial class Compute
{
    /// <summary>RMSNorm (Zhang and Sennrich, 2019) of each row: y = x / √(mean(x²) + ε) · weight. May be in place.</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">F32 of shape [width].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="y">[rows, width].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void RmsNorm(Activations x, int rows, Tensor weight, float epsilon, Activations y);

    /// <summary>SwiGLU (Shazeer, 2020): y = silu(gate) · up, with silu(v) = v / (1 + e⁻ᵛ). May be in place.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void SwiGlu(Activations gate, Activations up, int rows, Activations y);

    /// <summary>y = sigmoid(gate) · y.</summary>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void MultiplyBySigmoid(Activations gate, int rows, Activations y);

    /// <summary>Keeps some rows and moves them together, in place: x[i] = x[rows[i]].</summary>
    /// <param name="x">[rows, width].</param>
    /// <param name="rows">Ascending rows of <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">The rows do not ascend, or one is not there.</exception>
    public abstract void KeepRows(Activations x, ReadOnlySpan<int> rows);

    /// <summary>Puts rows side by side: y[r] = (first[r], second[r]).</summary>
    /// <param name="first">[rows, a].</param>
    /// <param name="second">[rows, b].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="y">[rows, a + b].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void JoinRows(Activations first, Activations second, int rows, Activations y);
}
