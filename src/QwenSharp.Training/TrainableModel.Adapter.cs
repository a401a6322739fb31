using System.Runtime.InteropServices;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

public sealed partial class TrainableModel
{
    /// <summary>The adapters as they are now, to be written or used beside the model. A copy: training goes on without it.</summary>
    /// <param name="name">What it shall be called.</param>
    /// <exception cref="InvalidOperationException">All weights are trained, and no adapters.</exception>
    public LoraAdapter ToAdapter(string name)
    {
        LoraOptions lora = Lora ?? throw new InvalidOperationException("The model has no adapters: all its weights are trained.");
        IEnumerable<LoraPair> pairs = _blocks
            .SelectMany(block => BlockMatrices.All.Select(matrix => block[matrix]))
            .Where(linear => linear.Lora is not null)
            .Select(linear => new LoraPair(linear.Weight.Name, Copy(linear.Lora!.Down), Copy(linear.Lora.Up)));
        return new LoraAdapter(name, Config.Architecture, lora.Alpha, pairs, lora.IsRankStabilized);
    }

    private static Tensor Copy(Parameter parameter)
    {
        float[] values = new float[parameter.Count];
        for (int row = 0; row < parameter.Value.Capacity; row++)
            parameter.Value.Row(row).CopyTo(values.AsSpan(row * parameter.Value.Width));

        return Tensor.Copy(
            parameter.Name,
            TensorType.F32,
            [parameter.Value.Width, parameter.Value.Capacity],
            MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
