using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>A linear map y = s·Wx + b.</summary>
/// <param name="Weight">W, of shape [in, out].</param>
/// <param name="Bias">b, F32 of shape [out], or none.</param>
/// <param name="Scale">s, one factor for the whole matrix: 1 in all but checkpoints in 4-bit float formats.</param>
internal sealed record Linear(Tensor Weight, Tensor? Bias = null, float Scale = 1)
{
    /// <summary>The map to some of the outputs, without a copy.</summary>
    public Linear Outputs(int first, int count) =>
        new(Weight.Slice((long)first * Weight.Columns, [Weight.Columns, count]), Bias?.Slice(first, [count]), Scale);

    /// <summary>Which rows of the checkpoint's matrix were picked, where the weight is a copy of some.</summary>
    private IReadOnlyList<int>? Picked { get; init; }

    /// <summary>The map to some of the outputs, in any order: a copy of their rows.</summary>
    public Linear Pick(IReadOnlyList<int> outputs)
    {
        NativeBuffer buffer = new(outputs.Count * Weight.RowBytes);
        for (int row = 0; row < outputs.Count; row++)
            Weight.RowData(outputs[row]).CopyTo(buffer.Span(row * Weight.RowBytes, (int)Weight.RowBytes));

        return new Linear(Tensor.Over(Weight.Name, Weight.Type, [Weight.Columns, outputs.Count], buffer), Scale: Scale)
        {
            Picked = outputs,
        };
    }

    /// <summary>Of a matrix with as many outputs as the checkpoint's, those that this map has.</summary>
    public Tensor SameOutputs(Tensor other) => Picked is null
        ? other.Slice(Weight.FirstElement / Weight.Columns * other.Columns, [other.Columns, Weight.Rows])
        : new Linear(other).Pick(Picked).Weight;

    /// <summary>The product whose result is y, once <see cref="Finish(Activations, int)"/> was called.</summary>
    public Projection Into(Activations y) => new(Weight, y, Scale == 1 ? Bias : null);

    /// <summary>The product that adds Wx to y, once <see cref="ScaleInput(Activations, int)"/> was called on x.</summary>
    public Projection AddTo(Activations y) => new(Weight, y, Bias, Accumulate: true);

    /// <summary>Applies a scale that the product of <see cref="Into"/> left out.</summary>
    public void Finish(Activations y, int rows) => Finish(y, new RowRange(0, rows));

    /// <summary>Applies a scale that the product of <see cref="Into"/> left out, to some rows.</summary>
    public void Finish(Activations y, RowRange rows)
    {
        if (Scale == 1)
            return;

        for (int row = rows.First; row < rows.First + rows.Count; row++)
        {
            Span<float> output = y.Row(row);
            ReadOnlySpan<float> bias = Bias is null ? default : MemoryMarshal.Cast<byte, float>(Bias.Data);
            for (int i = 0; i < output.Length; i++)
                output[i] = output[i] * Scale + (bias.IsEmpty ? 0 : bias[i]);
        }
    }

    /// <summary>Applies the scale ahead of the product: W(sx) = s·Wx.</summary>
    public void ScaleInput(Activations x, int rows) => ScaleInput(x, new RowRange(0, rows));

    /// <summary>Applies the scale ahead of the product, to some rows.</summary>
    public void ScaleInput(Activations x, RowRange rows)
    {
        if (Scale == 1)
            return;

        for (int row = rows.First; row < rows.First + rows.Count; row++)
        {
            foreach (ref float value in x.Row(row))
                value *= Scale;
        }
    }
}
