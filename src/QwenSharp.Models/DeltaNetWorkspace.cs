using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The part of a <see cref="Workspace"/> that recurrent layers need.</summary>
internal sealed class DeltaNetWorkspace(DeltaNetShape shape, int maxRows) : IDisposable
{
    /// <summary>Queries, keys and values before the convolution, [rows, convolutionWidth].</summary>
    public Activations Mixed { get; } = new(maxRows, shape.ConvolutionWidth);

    /// <summary>Queries, keys and values behind the convolution, [rows, convolutionWidth].</summary>
    public Activations Convolved { get; } = new(maxRows, shape.ConvolutionWidth);

    /// <summary>The gate of the output, [rows, valueWidth].</summary>
    public Activations Gate { get; } = new(maxRows, shape.ValueWidth);

    /// <summary>What decides how much of the state is kept, [rows, valueHeads].</summary>
    public Activations Decay { get; } = new(maxRows, shape.ValueHeads);

    /// <summary>What decides how much of a position is written, [rows, valueHeads].</summary>
    public Activations Beta { get; } = new(maxRows, shape.ValueHeads);

    /// <summary>What the state answers, [rows, valueWidth].</summary>
    public Activations Output { get; } = new(maxRows, shape.ValueWidth);

    public void Dispose()
    {
        foreach (Activations activations in (Activations[])[Mixed, Convolved, Gate, Decay, Beta, Output])
            activations.Dispose();
    }
}
