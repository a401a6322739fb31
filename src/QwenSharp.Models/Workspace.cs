using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// The activations of one forward pass, allocated once for the largest batch and written again at every step.
/// An engine loop owns one; the model itself stays immutable.
/// </summary>
public sealed class Workspace : IDisposable
{
    private readonly ActivationSet _matrices;

    /// <summary>
    /// Allocates for batches of up to <paramref name="maxRows"/> tokens of which up to <paramref name="maxLogits"/> want logits.
    /// </summary>
    /// <param name="compute">The backend that will compute on it.</param>
    /// <param name="config">The model.</param>
    /// <param name="maxRows">Tokens of the largest batch.</param>
    /// <param name="maxLogits">How many of them want logits at most.</param>
    public Workspace(Compute compute, ModelConfig config, int maxRows, int maxLogits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLogits);
        _matrices = new ActivationSet(compute, Layout(config, maxRows, maxLogits));
        Hidden = _matrices[nameof(Hidden)];
        Normed = _matrices[nameof(Normed)];
        Rotations = _matrices[nameof(Rotations)];
        Queries = _matrices[nameof(Queries)];
        Keys = _matrices[nameof(Keys)];
        Values = _matrices[nameof(Values)];
        Attended = _matrices[nameof(Attended)];
        QueriesAndGates = _matrices.Find(nameof(QueriesAndGates));
        AttentionGate = _matrices.Find(nameof(AttentionGate));
        NextTokenInputs = _matrices.Find(nameof(NextTokenInputs));
        Gate = _matrices[nameof(Gate)];
        Up = _matrices[nameof(Up)];
        Scored = _matrices[nameof(Scored)];
        Logits = _matrices[nameof(Logits)];
        Adapters = new AdapterRows(maxRows);
        DeltaNet = config.Recurrent is { } recurrent ? new DeltaNetWorkspace(compute, recurrent.Shape, maxRows) : null;
        Experts = config.Experts is { } experts ? new ExpertWorkspace(compute, config, experts, maxRows) : null;
    }

    /// <summary>Bytes of all activations, without the few that adapters need.</summary>
    public long Bytes => _matrices.Bytes + (DeltaNet?.Bytes ?? 0) + (Experts?.Bytes ?? 0);

    /// <summary>The logits that the last forward pass was asked for: row n belongs to <see cref="Batch.ScoredRows"/>[n].</summary>
    public Activations Logits { get; }

    /// <summary>
    /// The final hidden states (behind the output norm) of the rows that the last forward pass was asked for: row n belongs to
    /// <see cref="Batch.KeptRows"/>[n].
    /// </summary>
    public Activations FinalHidden => Normed;

    /// <summary>The residual stream, [rows, width].</summary>
    internal Activations Hidden { get; }

    /// <summary>The normalised input of a sub-layer, [rows, width].</summary>
    internal Activations Normed { get; }

    /// <summary>The final hidden states of the rows that want logits, where others are kept beside them, [scored rows, width].</summary>
    internal Activations Scored { get; }

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

    /// <summary>What adapters add to the rows at hand.</summary>
    internal AdapterRows Adapters { get; }

    /// <summary>What a mixture of experts needs, where there is one.</summary>
    internal ExpertWorkspace? Experts { get; }

    /// <summary>
    /// What <see cref="Bytes"/> of a workspace would be, without allocating it: both come from the same list of matrices.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="maxRows">Tokens of the largest batch.</param>
    /// <param name="maxLogits">How many of them want logits at most.</param>
    public static long BytesFor(ModelConfig config, int maxRows, int maxLogits)
    {
        IEnumerable<ActivationShape> all = Layout(config, maxRows, maxLogits);
        if (config.Recurrent is { } recurrent)
            all = all.Concat(DeltaNetWorkspace.Layout(recurrent.Shape, maxRows));
        if (config.Experts is { } experts)
            all = all.Concat(ExpertWorkspace.Layout(config, experts, maxRows));

        return all.Sum(shape => shape.Bytes);
    }

    /// <summary>
    /// The products of a model's matrices with one input, whole: scale and bias, and what the adapters of the rows' sequences add.
    /// </summary>
    /// <param name="compute">The kernels.</param>
    /// <param name="x">[rows, in].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="products">Made by <see cref="Linear.Into"/> and <see cref="Linear.AddTo"/>, over all rows.</param>
    internal void Project(Compute compute, Activations x, int rows, params ReadOnlySpan<Projection> products)
    {
        compute.Project(x, rows, products);
        foreach (ref readonly Projection product in products)
            Adapters.Add(compute, product.Weight, x, rows, product.Output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _matrices.Dispose();
        Adapters.Dispose();
        DeltaNet?.Dispose();
        Experts?.Dispose();
    }

    private static List<ActivationShape> Layout(ModelConfig config, int maxRows, int maxLogits)
    {
        List<ActivationShape> layout =
        [
            new(nameof(Hidden), maxRows, config.Width),
            new(nameof(Normed), maxRows, config.Width),
            new(nameof(Rotations), maxRows, config.RotaryLength),
            new(nameof(Queries), maxRows, config.QueryWidth),
            new(nameof(Keys), maxRows, config.KvWidth),
            new(nameof(Values), maxRows, config.KvWidth),
            new(nameof(Attended), maxRows, config.QueryWidth),
            new(nameof(Gate), maxRows, Math.Max(1, config.DenseWidth)),
            new(nameof(Up), maxRows, Math.Max(1, config.DenseWidth)),
            new(nameof(Scored), maxLogits, config.Width),
            new(nameof(Logits), maxLogits, config.VocabularySize),
        ];
        if (config.HasGatedAttention)
        {
            layout.AddRange([
                new(nameof(QueriesAndGates), maxRows, 2 * config.QueryWidth),
                new(nameof(AttentionGate), maxRows, config.QueryWidth),
            ]);
        }

        if (config.NextTokenLayers > 0)
            layout.Add(new(nameof(NextTokenInputs), maxRows, 2 * config.Width));

        return layout;
    }
}
