using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// The memory of forward and backward passes over batches of up to a number of tokens. With gradient checkpointing (Chen et al., 2016) it
/// keeps each layer's input and one tape, which each layer's backward pass fills again; without it, a tape a layer.
/// </summary>
public sealed class TrainingWorkspace : IDisposable
{
    // Logits of a large vocabulary are computed for some rows at a time: 128 MB of them. With fewer rows packing the head weighs more.
    private const int LogitFloats = 32 << 20;

    private readonly BlockTape[] _tapes;

    /// <summary>Allocates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Tokens of the largest batch.</param>
    /// <param name="recomputes">Whether layers are computed again in the backward pass: a third more operations, a fraction of the
    /// memory.</param>
    public TrainingWorkspace(TrainableModel model, int rows, bool recomputes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        (ModelConfig config, int rank) = (model.Config, model.Lora?.Rank ?? 0);
        (Rows, Recomputes) = (rows, recomputes);
        Inputs = [.. Enumerable.Range(0, config.Layers + 1).Select(_ => new HostActivations(rows, config.Width))];
        _tapes = [.. Enumerable.Range(0, recomputes ? 1 : config.Layers).Select(_ => new BlockTape(config, rows, rank))];
        Scratch = new Scratch(config, rows, rank, hasDropout: model.Lora?.Dropout > 0);
        int chunk = LogitRows(config, rows);
        Logits = new HostActivations(chunk, config.VocabularySize);
        Counted = new HostActivations(chunk, config.Width);
        CountedNormed = new HostActivations(chunk, config.Width);
        CountedGradient = new HostActivations(chunk, config.Width);
        CountedHiddenGradient = new HostActivations(chunk, config.Width);
    }

    /// <summary>Tokens of the largest batch.</summary>
    public int Rows { get; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public bool Recomputes { get; }

    /// <summary>The input of each layer, and behind them the output of the last.</summary>
    internal HostActivations[] Inputs { get; }

    internal Scratch Scratch { get; }

    /// <summary>Logits, and then their gradient, of some of the rows that count.</summary>
    internal HostActivations Logits { get; }

    /// <summary>The final hidden states of these rows.</summary>
    internal HostActivations Counted { get; }

    internal HostActivations CountedNormed { get; }

    internal HostActivations CountedGradient { get; }

    internal HostActivations CountedHiddenGradient { get; }

    internal BlockTape TapeOf(int layer) => _tapes[Recomputes ? 0 : layer];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (
            IDisposable part in (IDisposable[])
                [.. Inputs, .. _tapes, Scratch, Logits, Counted, CountedNormed, CountedGradient, CountedHiddenGradient])
        {
            part.Dispose();
        }
    }

    /// <summary>How many rows' logits are computed at a time.</summary>
    internal static int LogitRows(ModelConfig config, int rows) => Math.Clamp(LogitFloats / config.VocabularySize, 1, rows);
}
