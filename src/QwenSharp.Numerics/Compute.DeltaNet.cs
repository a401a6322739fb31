namespace QwenSharp.Numerics;

// Recurrent layers.
public abstract partial class Compute
{
    /// <summary>
    /// A causal depthwise convolution over each sequence, then SiLU: y[t, c] = silu(Σⱼ taps[j, c] · x[t − (Taps − 1) + j, c]).
    /// Inputs of positions before the batch come from the store, which keeps the last of these for the next batch.
    /// </summary>
    /// <param name="store">The inputs before the batch.</param>
    /// <param name="layer">The recurrent layer.</param>
    /// <param name="x">[rows, <see cref="DeltaNetShape.ConvolutionWidth"/>].</param>
    /// <param name="taps">F32 of shape [convolutionWidth, taps], the oldest position first.</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <param name="y">As <paramref name="x"/>; not the same.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or a sequence's rows or slot are not there.</exception>
    public abstract void Convolve(
        RecurrentStore store,
        int layer,
        Activations x,
        Tensor taps,
        ReadOnlySpan<SequenceRows> sequences,
        Activations y);

    /// <summary>
    /// The gated delta rule (Yang, Kautz and Hatamizadeh, 2024, arXiv 2412.06464, eq. 10) over each sequence and value head:
    /// S ← αS + k (β (v − αSᵀk))ᵀ and o = Sᵀq / √keyLength, with q and k divided by their length (√(Σx² + ε)),
    /// α = exp(A · softplus(a + bias)) and β = sigmoid(b). Prefill and decode are the same steps in the same order: a tile of the state
    /// that fits the first-level cache goes through all rows of a chunk, so that a sequence's results do not depend on its chunks, to the
    /// bit.
    /// </summary>
    /// <param name="store">The states before the batch; afterwards those behind it.</param>
    /// <param name="layer">The recurrent layer.</param>
    /// <param name="convolved">[rows, <see cref="DeltaNetShape.ConvolutionWidth"/>]: queries, keys, values. Queries and keys are normalised
    /// in place.</param>
    /// <param name="a">[rows, valueHeads]: a; becomes α.</param>
    /// <param name="b">[rows, valueHeads]: b; becomes β.</param>
    /// <param name="rate">A, negative: F32 of shape [valueHeads].</param>
    /// <param name="bias">F32 of shape [valueHeads].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="sequences">Which rows belong to which sequence.</param>
    /// <param name="y">o: [rows, <see cref="DeltaNetShape.ValueWidth"/>].</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or a sequence's rows or slot are not there.</exception>
    public abstract void DeltaRule(
        RecurrentStore store, int layer, Activations convolved, Activations a, Activations b, Tensor rate, Tensor bias, float epsilon,
        ReadOnlySpan<SequenceRows> sequences, Activations y);

    /// <summary>RMSNorm of each head, gated: x = x / √(mean(x²) + ε) · weight · silu(gate), in place.</summary>
    /// <param name="x">[rows, heads × headLength].</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="weight">F32 of shape [headLength].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="gate">[rows, heads × headLength].</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public abstract void NormalizeGated(Activations x, int rows, Tensor weight, float epsilon, Activations gate);
}
