using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The part of a <see cref="Workspace"/> that recurrent layers need.</summary>
internal sealed class DeltaNetWorkspace : IDisposable
{
    private readonly ActivationSet _matrices;

    public DeltaNetWorkspace(Compute compute, DeltaNetShape shape, int maxRows)
    {
        _matrices = new ActivationSet(compute, Layout(shape, maxRows));
        Mixed = _matrices[nameof(Mixed)];
        Convolved = _matrices[nameof(Convolved)];
        Gate = _matrices[nameof(Gate)];
        Decay = _matrices[nameof(Decay)];
        Beta = _matrices[nameof(Beta)];
        Output = _matrices[nameof(Output)];
    }

    /// <summary>Queries, keys and values before the convolution, [rows, convolutionWidth].</summary>
    public Activations Mixed { get; }

    /// <summary>Queries, keys and values behind the convolution, [rows, convolutionWidth].</summary>
    public Activations Convolved { get; }

    /// <summary>The gate of the output, [rows, valueWidth].</summary>
    public Activations Gate { get; }

    /// <summary>What decides how much of the state is kept, [rows, valueHeads].</summary>
    public Activations Decay { get; }

    /// <summary>What decides how much of a position is written, [rows, valueHeads].</summary>
    public Activations Beta { get; }

    /// <summary>What the state answers, [rows, valueWidth].</summary>
    public Activations Output { get; }

    /// <summary>Bytes of its activations.</summary>
    public long Bytes => _matrices.Bytes;

    /// <summary>Its matrices.</summary>
    public static ActivationShape[] Layout(DeltaNetShape shape, int maxRows) =>
    [
        new(nameof(Mixed), maxRows, shape.ConvolutionWidth),
        new(nameof(Convolved), maxRows, shape.ConvolutionWidth),
        new(nameof(Gate), maxRows, shape.ValueWidth),
        new(nameof(Decay), maxRows, shape.ValueHeads),
        new(nameof(Beta), maxRows, shape.ValueHeads),
        new(nameof(Output), maxRows, shape.ValueWidth),
    ];

    public void Dispose() => _matrices.Dispose();
}
