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

    /// <summary>The product that writes y.</summary>
    public Projection Into(Activations y) => new(Weight, y, Bias, Scale: Scale);

    /// <summary>The product that is added to what y holds.</summary>
    public Projection AddTo(Activations y) => Into(y) with { Accumulate = true };
}
