using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// A linear map y = Wx + b whose matrix is trained, or frozen in whatever type it is stored, and then perhaps updated by an adapter.
/// </summary>
/// <param name="Weight">W, of shape [in, out].</param>
/// <param name="Bias">b, of shape [out], or none.</param>
internal sealed record TrainedLinear(Tensor Weight, Tensor? Bias = null)
{
    /// <summary>W where it is trained.</summary>
    public Parameter? Trained { get; init; }

    /// <summary>b where it is trained.</summary>
    public Parameter? TrainedBias { get; init; }

    /// <summary>The adapter beside a frozen W.</summary>
    public TrainedPair? Lora { get; init; }

    /// <summary>y = Wx + b, or y += Wx.</summary>
    /// <param name="pass">The batch.</param>
    /// <param name="x">[rows, in].</param>
    /// <param name="between">What the adapter keeps for its gradient, [rows, rank].</param>
    /// <param name="y">[rows, out].</param>
    /// <param name="accumulate">Whether the product is added to y.</param>
    public void Forward(Pass pass, HostActivations x, HostActivations? between, HostActivations y, bool accumulate = false)
    {
        pass.Compute.Multiply(x, pass.Rows, Weight, y, accumulate);
        if (Bias is not null)
            pass.Compute.AddBias(y, pass.Rows, Bias);

        Lora?.Forward(pass, x, between!, y);
    }

    /// <summary>Adds the gradients of what is trained, and writes or adds that of x.</summary>
    /// <param name="pass">The batch.</param>
    /// <param name="x">What went in.</param>
    /// <param name="between">What <see cref="Forward"/> kept.</param>
    /// <param name="dy">∂loss / ∂y.</param>
    /// <param name="dx">∂loss / ∂x; null where nobody needs it.</param>
    /// <param name="accumulate">Whether it is added to dx.</param>
    public void Backward(
        Pass pass, HostActivations x, HostActivations? between, HostActivations dy, HostActivations? dx, bool accumulate = false)
    {
        if (dx is not null)
            pass.Compute.MultiplyTransposed(dy, pass.Rows, Weight, dx, accumulate);
        if (Trained is not null)
            pass.Compute.MultiplyOuter(dy, x, pass.Rows, Trained.Gradient);
        if (TrainedBias is not null)
            pass.Compute.SumRows(dy, pass.Rows, TrainedBias.Gradient);

        Lora?.Backward(pass, x, between!, dy, dx);
    }
}
