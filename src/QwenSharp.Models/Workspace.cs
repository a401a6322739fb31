using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The activations of one forward pass, allocated once for the largest batch and written again at every step.
/// An engine loop owns one; the model itself stays immutable.
/// </summary>
public sealed class Workspace : IDisposable
{
    /// <summary>Allocates for batches of up to <paramref name="maxRows"/> tokens of which up to <paramref name="maxLogits"/> want logits.</summary>
    public Workspace(ModelConfig config, int maxRows, int maxLogits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLogits);
        Hidden = new Activations(maxRows, config.Width);
        Normed = new Activations(maxRows, config.Width);
        Rotations = new Activations(maxRows, config.RotaryLength);
        Queries = new Activations(maxRows, config.QueryWidth);
        Keys = new Activations(maxRows, config.KvWidth);
        Values = new Activations(maxRows, config.KvWidth);
        Attended = new Activations(maxRows, config.QueryWidth);
        Gate = new Activations(maxRows, Math.Max(1, config.DenseWidth));
        Up = new Activations(maxRows, Math.Max(1, config.DenseWidth));
        Experts = config.Experts is { } experts ? new ExpertWorkspace(config, experts, maxRows) : null;
        Logits = new Activations(maxLogits, config.VocabularySize);
    }

    /// <summary>The logits that the last forward pass was asked for: row n belongs to <see cref="Batch.LogitRows"/>[n].</summary>
    public Activations Logits { get; }

    /// <summary>The residual stream, [rows, width].</summary>
    internal Activations Hidden { get; }

    /// <summary>The normalised input of a sub-layer, [rows, width].</summary>
    internal Activations Normed { get; }

    /// <summary>Cosines and sines of the rows' positions, [rows, rotaryLength].</summary>
    internal Activations Rotations { get; }

    /// <summary>[rows, heads × headLength].</summary>
    internal Activations Queries { get; }

    /// <summary>[rows, kvHeads × headLength].</summary>
    internal Activations Keys { get; }

    /// <summary>[rows, kvHeads × headLength].</summary>
    internal Activations Values { get; }

    /// <summary>Attention's output before its projection, [rows, heads × headLength].</summary>
    internal Activations Attended { get; }

    /// <summary>Hidden features of a dense feed-forward network or of the shared expert, [rows, denseWidth].</summary>
    internal Activations Gate { get; }

    /// <summary>[rows, denseWidth].</summary>
    internal Activations Up { get; }

    /// <summary>What a mixture of experts needs, where there is one.</summary>
    internal ExpertWorkspace? Experts { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activations activations in (Activations[])[Hidden, Normed, Rotations, Queries, Keys, Values, Attended, Gate, Up, Logits])
            activations.Dispose();

        Experts?.Dispose();
    }
}
