namespace QwenSharp.Numerics;

// Positions, heads, and keys and values.
public abstract partial class Compute
{
    /// <summary>
    /// Writes the cosines and then the sines of each position's angles into a row, for <see cref="NormalizeAndRotate"/>: a position of text
    /// turns all pairs alike.
    /// </summary>
    /// <param name="embedding">The angles.</param>
    /// <param name="positions">A position for each row.</param>
    /// <param name="rotations">[rows, 2 × pairs].</param>
    /// <exception cref="ArgumentException">The width is not 2 × pairs, or there are too few rows.</exception>
    public abstract void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<int> positions, Activations rotations);

    /// <summary>Writes the cosines and sines of positions of three parts, of which each pair turns by its own.</summary>
    /// <param name="embedding">The angles; it has axes.</param>
    /// <param name="positions">A position for each row.</param>
    /// <param name="rotations">[rows, 2 × pairs].</param>
    /// <exception cref="ArgumentException">The width is not 2 × pairs, there are too few rows, or the embedding has no axes.</exception>
    public abstract void FillRotations(RotaryEmbedding embedding, ReadOnlySpan<GridPosition> positions, Activations rotations);

    /// <summary>
    /// Prepares each head of each row for attention, in place: RMSNorm over the head where a weight is given (Qwen3's QK-norm),
    /// then rotary position embedding (Su et al., 2021) in the half-split (NeoX) layout: element i pairs with i + pairs.
    /// </summary>
    /// <param name="x">[rows, heads × headLength].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="normWeight">F32 of shape [headLength], or none.</param>
    /// <param name="epsilon">ε of the norm.</param>
    /// <param name="rotations">[rows, 2 × pairs]: cosines then sines of each row's angles (<see cref="RotaryEmbedding"/>); 2 × pairs ≤
    /// headLength, the rest is not rotated.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void NormalizeAndRotate(
        Activations x, int rows, int headLength, Tensor? normWeight, float epsilon, Activations rotations);

    /// <summary>Takes heads that lie beside each other in pairs apart: x[r] = (first₀, second₀, first₁, second₁, …).</summary>
    /// <param name="x">[rows, heads × 2 × headLength].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="headLength">Elements in a head.</param>
    /// <param name="first">[rows, heads × headLength].</param>
    /// <param name="second">[rows, heads × headLength].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void SplitHeads(Activations x, int rows, int headLength, Activations first, Activations second);

    /// <summary>
    /// Stores keys and values of new positions, rounding to the store's type: to nearest even, F16 saturating at ±65504; in Q8_0
    /// each 32 features of a head by a scale of their own, which is NaN where one of them is not finite.
    /// </summary>
    /// <param name="store">Where to.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="keys">[rows, kvHeads × headLength].</param>
    /// <param name="values">[rows, kvHeads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <exception cref="ArgumentException">Widths do not fit the store, or a sequence's rows or blocks are not there.</exception>
    public abstract void StoreKeysAndValues(
        KvStore store,
        int layer,
        Activations keys,
        Activations values,
        ReadOnlySpan<SequenceRows> sequences);

    /// <summary>
    /// Causal softmax attention with grouped queries (GQA, Ainslie et al., 2023): query head h reads KV head h / (heads / kvHeads);
    /// y = Σₚ softmax(q·kₚ / √headLength) vₚ over the positions p up to the row's own.
    /// A row's result is the same to the bit whatever else is in the batch, and however the sequence was cut into batches.
    /// </summary>
    /// <param name="store">Keys and values, the rows' own included.</param>
    /// <param name="layer">The attention layer.</param>
    /// <param name="queries">[rows, heads × headLength].</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <param name="y">[rows, heads × headLength]; not the queries.</param>
    /// <exception cref="ArgumentException">Widths do not fit the store, or a sequence's rows or blocks are not there.</exception>
    public abstract void Attend(KvStore store, int layer, Activations queries, ReadOnlySpan<SequenceRows> sequences, Activations y);
}
