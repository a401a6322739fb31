using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// The trained update of a frozen matrix (LoRA; Hu et al., 2021): y += s·B·A·dropout(x), with A of shape [in, rank] and B of shape [rank,
/// out].
/// </summary>
/// <param name="Down">A.</param>
/// <param name="Up">B.</param>
/// <param name="Scale">s: alpha ÷ rank, or alpha ÷ √rank (rsLoRA; Kalajdzievski, 2023).</param>
/// <param name="Dropout">The probability with which an element of x is dropped.</param>
/// <param name="Salt">Tells this pair's dropout from the others'.</param>
internal sealed record TrainedPair(Parameter Down, Parameter Up, float Scale, float Dropout, ulong Salt)
{
    /// <summary>y += s·B·A·dropout(x); keeps A·dropout(x), scaled, in <paramref name="between"/>.</summary>
    public void Forward(Pass pass, HostActivations x, HostActivations between, HostActivations y)
    {
        pass.Compute.Multiply(Drop(pass, x), pass.Rows, Down.Weight, between);
        pass.Compute.ScaleRows(between, pass.Rows, Scale);
        pass.Compute.Multiply(between, pass.Rows, Up.Weight, y, accumulate: true);
    }

    /// <summary>Adds the gradients of A and B, and that of x to <paramref name="dx"/>.</summary>
    public void Backward(Pass pass, HostActivations x, HostActivations between, HostActivations dy, HostActivations? dx)
    {
        (TrainingCompute compute, int rows, HostActivations dBetween) = (pass.Compute, pass.Rows, pass.Scratch.LoraDown!);
        compute.MultiplyOuter(dy, between, rows, Up.Gradient);
        compute.MultiplyTransposed(dy, rows, Up.Weight, dBetween);
        compute.ScaleRows(dBetween, rows, Scale);
        compute.MultiplyOuter(dBetween, Drop(pass, x), rows, Down.Gradient);
        if (dx is null)
            return;

        if (!Drops(pass))
        {
            compute.MultiplyTransposed(dBetween, rows, Down.Weight, dx, accumulate: true);
            return;
        }

        HostActivations dropped = pass.Scratch.DroppedGradient[x.Width];
        compute.MultiplyTransposed(dBetween, rows, Down.Weight, dropped);
        compute.Dropout(dropped, rows, Dropout, SeedOf(pass), dropped);
        compute.AddScaled(dropped, rows, 1, dx);
    }

    private bool Drops(Pass pass) => Dropout > 0 && pass.DropoutSeed is not null;

    private ulong SeedOf(Pass pass) => StableHash.Mix(pass.DropoutSeed!.Value ^ Salt);

    private HostActivations Drop(Pass pass, HostActivations x)
    {
        if (!Drops(pass))
            return x;

        HostActivations dropped = pass.Scratch.Dropped[x.Width];
        pass.Compute.Dropout(x, pass.Rows, Dropout, SeedOf(pass), dropped);
        return dropped;
    }
}
