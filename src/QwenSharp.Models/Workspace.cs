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
        QueriesAndGates = config.HasGatedAttention ? new Activations(maxRows, 2 * config.QueryWidth) : null;
        AttentionGate = config.HasGatedAttention ? new Activations(maxRows, config.QueryWidth) : null;
        DeltaNet = config.Recurrent is { } recurrent ? new DeltaNetWorkspace(recurrent.Shape, maxRows) : null;
        NextTokenInputs = config.NextTokenLayers > 0 ? new Activations(maxRows, 2 * config.Width) : null;
        Gate = new Activations(maxRows, Math.Max(1, config.DenseWidth));
        Up = new Activations(maxRows, Math.Max(1, config.DenseWidth));
        Experts = config.Experts is { } experts ? new ExpertWorkspace(config, experts, maxRows) : null;
        Logits = new Activations(maxLogits, config.VocabularySize);
    }

    /// <summary>The logits that the last forward pass was asked for: row n belongs to <see cref="Batch.LogitRows"/>[n].</summary>
    public Activations Logits { get; }

    /// <summary>The final hidden states (behind the output norm) of the rows that the last forward pass was asked for: row n belongs to <see cref="Batch.LogitRows"/>[n].</summary>
    public Activations FinalHidden => Normed;

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

    /// <summary>Each query head and its gate, where attention is gated, [rows, heads × 2 × headLength].</summary>
    internal Activations? QueriesAndGates { get; }

    /// <summary>The gates alone, [rows, heads × headLength].</summary>
    internal Activations? AttentionGate { get; }

    /// <summary>What recurrent layers need, where there are such.</summary>
    internal DeltaNetWorkspace? DeltaNet { get; }

    /// <summary>Embeddings and hidden states side by side, where blocks draft the token after next, [rows, 2 × width].</summary>
    internal Activations? NextTokenInputs { get; }

    /// <summary>What a mixture of experts needs, where there is one.</summary>
    internal ExpertWorkspace? Experts { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Activations activations in (Activations[])[Hidden, Normed, Rotations, Queries, Keys, Values, Attended, Gate, Up, Logits])
            activations.Dispose();

        QueriesAndGates?.Dispose();
        AttentionGate?.Dispose();
        DeltaNet?.Dispose();
        NextTokenInputs?.Dispose();
        Experts?.Dispose();
    }
}
