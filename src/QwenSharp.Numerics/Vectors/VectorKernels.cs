namespace QwenSharp.Numerics;

/// <summary>
/// The loops over rows of floats that are not matrix products with weights. A call does one row (or one tile of attention) on
/// the calling thread; its arithmetic depends on nothing but that row, so results do not change with the batch or the threads.
/// </summary>
internal abstract unsafe class VectorKernels
{
    /// <summary>The kernels of an instruction set.</summary>
    public static VectorKernels For(Isa isa) => isa switch
    {
        Isa.Avx512 or Isa.Avx512Vnni => new VectorKernels<Simd512, System.Runtime.Intrinsics.Vector512<float>>(),
        Isa.Avx2 => new VectorKernels<Simd256, System.Runtime.Intrinsics.Vector256<float>>(),
        Isa.Vector128 => new VectorKernels<Simd128, System.Runtime.Intrinsics.Vector128<float>>(),
        _ => new VectorKernels<Simd1, float>(),
    };

    /// <summary>y = x / √(mean(x²) + ε) · weight. May be in place.</summary>
    public abstract void RmsNorm(float* x, float* weight, float epsilon, float* y, int length);

    /// <summary>(aᵢ, bᵢ) ← (aᵢ cosᵢ − bᵢ sinᵢ, aᵢ sinᵢ + bᵢ cosᵢ), where b follows a after <paramref name="pairs"/> floats.</summary>
    public abstract void Rotate(float* head, float* cosines, float* sines, int pairs);

    /// <summary>y = gate / (1 + e^−gate) · up. May be in place.</summary>
    public abstract void SwiGlu(float* gate, float* up, float* y, int length);

    /// <summary>y += x.</summary>
    public abstract void Add(float* x, float* y, int length);

    /// <summary>y += factor · x.</summary>
    public abstract void AddScaled(float* x, float factor, float* y, int length);

    /// <summary>The greatest element, NaN passed over; −∞ of none.</summary>
    public abstract float Max(float* x, int length);

    /// <summary>y = e^(x − shift), and returns the sum of y. May be in place.</summary>
    public abstract float ExpAndSum(float* x, float shift, float* y, int length);

    /// <summary>Σ e^(x − shift).</summary>
    public abstract float SumOfExp(float* x, float shift, int length);

    /// <summary>x *= factor.</summary>
    public abstract void Scale(float* x, float factor, int length);

    /// <summary>Half to single precision, exactly.</summary>
    /// <param name="x">From.</param>
    /// <param name="y">To.</param>
    /// <param name="length">How many.</param>
    /// <param name="ahead">As many halves that are to be widened soon: they are fetched from memory meanwhile.</param>
    /// <param name="finite">Whether all that matter are finite: the others then become some finite number, in half the time.</param>
    public abstract void Widen(Half* x, float* y, int length, Half* ahead, bool finite);

    /// <summary>Whether no element is infinite or NaN.</summary>
    public abstract bool IsFinite(float* x, int length);

    /// <summary>Single to half precision, to nearest even, saturating at ±65504.</summary>
    public abstract void Narrow(float* x, Half* y, int length);

    /// <summary>BF16 to single precision, exactly.</summary>
    /// <inheritdoc cref="Widen(Half*, float*, int, Half*, bool)"/>
    public abstract void Widen(ushort* x, float* y, int length, ushort* ahead);

    /// <summary>Single precision to BF16, to nearest even; NaN stays NaN.</summary>
    public abstract void Narrow(float* x, ushort* y, int length);

    /// <summary>y[i, j] = codes[i, j] · scales[j] of a square of <see cref="KvStore.BlockTokens"/>, rows without gaps.</summary>
    /// <param name="codes">[BlockTokens, BlockTokens].</param>
    /// <param name="scales">[BlockTokens].</param>
    /// <param name="y">[BlockTokens, BlockTokens].</param>
    /// <param name="ahead">Codes and scales that are to be widened soon, without a gap: they are fetched from memory meanwhile.</param>
    public abstract void WidenColumns(sbyte* codes, Half* scales, float* y, byte* ahead);

    /// <summary>y[i, j] = codes[i, j] · scales[i] of the first rows of such a square.</summary>
    /// <param name="codes">[rows, BlockTokens].</param>
    /// <param name="scales">[BlockTokens]; those behind the rows may be anything.</param>
    /// <param name="y">[rows, BlockTokens], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="rows">How many.</param>
    /// <param name="stride">Floats from a row of <paramref name="y"/> to the next.</param>
    /// <param name="ahead">As for <see cref="WidenColumns"/>.</param>
    public abstract void WidenRows(sbyte* codes, Half* scales, float* y, int rows, int stride, byte* ahead);

    /// <summary>
    /// Rounds <see cref="KvStore.BlockTokens"/> floats to codes of −127 … 127 and a scale: the greatest magnitude / 127, in half precision,
    /// by which the codes are chosen, to nearest even. What is beyond 127 · 65504 saturates; of what is not all finite the scale is NaN.
    /// </summary>
    /// <returns>The scale.</returns>
    public abstract Half Encode(float* x, sbyte* codes);

    /// <summary>
    /// A step of online softmax (Milakov and Gimelshein, 2018) over the scores of one block, for each query:
    /// max ← max(max, scores), keep = e^(old max − max), scores ← e^(scores − max), weight ← weight · keep + Σ scores.
    /// Scores of −∞ weigh nothing; where there are no others, before or now, keep is 0.
    /// </summary>
    /// <param name="scores">[queries, <see cref="KvStore.BlockTokens"/>].</param>
    /// <param name="queries">How many.</param>
    /// <param name="max">[queries].</param>
    /// <param name="weight">[queries].</param>
    /// <param name="keep">[queries], rounded up to 16.</param>
    public abstract void Weigh(float* scores, int queries, float* max, float* weight, float* keep);

    /// <summary>Σ x y.</summary>
    public abstract float Dot(float* x, float* y, int length);

    /// <summary>Σ x².</summary>
    public abstract float SumOfSquares(float* x, int length);

    /// <summary>
    /// The way back through <see cref="RmsNorm"/>, with r = 1 / √(mean(x²) + ε):
    /// dx (+)= r · w · dy − x · r³ · mean(w · dy · x), and dw += r · x · dy.
    /// </summary>
    /// <param name="x">What was normalised.</param>
    /// <param name="weight">w.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="dy">The gradient of what came out.</param>
    /// <param name="dx">The gradient of x; may be <paramref name="dy"/>.</param>
    /// <param name="accumulate">Whether the gradient is added to what <paramref name="dx"/> holds.</param>
    /// <param name="dWeight">The gradient of w is added here; null for none.</param>
    /// <param name="length">How many.</param>
    public abstract void RmsNormBackward(
        float* x,
        float* weight,
        float epsilon,
        float* dy,
        float* dx,
        bool accumulate,
        float* dWeight,
        int length);

    /// <summary>
    /// (aᵢ, bᵢ) ← (aᵢ cosᵢ + bᵢ sinᵢ, bᵢ cosᵢ − aᵢ sinᵢ): undoes <see cref="Rotate"/>, and is the way back of its gradient.
    /// </summary>
    public abstract void RotateBack(float* head, float* cosines, float* sines, int pairs);

    /// <summary>
    /// The way back through <see cref="SwiGlu"/>, with σ = 1 / (1 + e^−gate): dGate = dy · up · σ · (1 + gate · (1 − σ)), dUp = dy · gate ·
    /// σ.
    /// Any output may be any input, but not the other output.
    /// </summary>
    public abstract void SwiGluBackward(float* gate, float* up, float* dy, float* dGate, float* dUp, int length);

    /// <summary>A step of AdamW for each element; see <see cref="AdamWFactors"/>.</summary>
    public abstract void AdamW(float* value, float* gradient, float* mean, float* variance, in AdamWFactors factors, int length);

    /// <summary>
    /// A step of online softmax, as <see cref="Weigh"/>, over scores that lie [keys, queries], <see cref="SegmentTile.ScoreStride"/> floats
    /// apart:
    /// max ← max(max, scores), keep = e^(old max − max), scores ← e^(scores − max), weight ← weight · keep + Σ scores.
    /// </summary>
    /// <param name="scores">[keys, queries].</param>
    /// <param name="keys">How many.</param>
    /// <param name="queries">A multiple of <see cref="KvStore.BlockTokens"/>.</param>
    /// <param name="max">[queries].</param>
    /// <param name="weight">[queries].</param>
    /// <param name="keep">[queries].</param>
    public abstract void WeighColumns(float* scores, int keys, int queries, float* max, float* weight, float* keep);

    /// <summary>
    /// One query's row on the way back through attention: p = e^(scores − logSumExp), scores ← p, gradients ← p · (gradients − delta).
    /// </summary>
    /// <param name="scores">[length].</param>
    /// <param name="gradients">[length].</param>
    /// <param name="logSumExp">The query's.</param>
    /// <param name="delta">The query's Σ dy · y.</param>
    /// <param name="length">A multiple of <see cref="KvStore.BlockTokens"/>.</param>
    public abstract void ScoreGradients(float* scores, float* gradients, float logSumExp, float delta, int length);

    /// <summary>The least number of rows, not below <paramref name="rows"/>, that <see cref="Multiply"/> can do.</summary>
    public abstract int PaddedRows(int rows);

    /// <summary>
    /// c[m, j] = c[m, j] · keep[m] + Σᵢ a[m, i] b[i, j], summed from the first i on; without <paramref name="keep"/>, c is only written.
    /// b and c are row-major, and a row of the result is the same whatever rows are beside it.
    /// </summary>
    /// <param name="a">[rows, depth], as the next two say.</param>
    /// <param name="aRow">Floats from a row of <paramref name="a"/> to the next.</param>
    /// <param name="aColumn">Floats from an element of a row to the next; with 1 for <paramref name="aRow"/>, a lies transposed.</param>
    /// <param name="b">[depth, columns], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="c">[rows, columns], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="keep">[rows], or null.</param>
    /// <param name="rows">As <see cref="PaddedRows"/> gives.</param>
    /// <param name="depth">Products of a sum.</param>
    /// <param name="columns">A multiple of <see cref="KvStore.BlockTokens"/>.</param>
    /// <param name="stride">Floats from a row of <paramref name="b"/> and <paramref name="c"/> to the next.</param>
    public abstract void Multiply(
        float* a,
        int aRow,
        int aColumn,
        float* b,
        float* c,
        float* keep,
        int rows,
        int depth,
        int columns,
        int stride);

    /// <summary>A causal depthwise convolution at one position, and its SiLU: y[c] = silu(Σⱼ weights[j, c] · inputs[j][c]).</summary>
    /// <param name="inputs">The channels at each tap's position, oldest first: [taps] pointers.</param>
    /// <param name="weights">[taps, channels], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from a tap's weights to the next tap's.</param>
    /// <param name="taps">How many positions are summed.</param>
    /// <param name="y">[channels].</param>
    /// <param name="channels">How many.</param>
    public abstract void Convolve(float** inputs, float* weights, int stride, int taps, float* y, int channels);

    /// <summary>x *= factor / √(Σ x² + ε).</summary>
    public abstract void NormalizeL2(float* x, float epsilon, float factor, int length);

    /// <summary>y *= 1 / (1 + e^−gate).</summary>
    public abstract void MultiplyBySigmoid(float* gate, float* y, int length);

    /// <summary>
    /// One position of the gated delta rule, for a tile of <see cref="DeltaNetShape.TileColumns"/> columns of a head's state S:
    /// δ = β (v − αSᵀk), S ← αS + k δᵀ, o = Sᵀq.
    /// </summary>
    /// <param name="state">S: [keyLength, columns].</param>
    /// <param name="keyLength">Rows of the state.</param>
    /// <param name="query">[keyLength].</param>
    /// <param name="key">[keyLength].</param>
    /// <param name="value">[columns].</param>
    /// <param name="decay">α.</param>
    /// <param name="beta">β.</param>
    /// <param name="output">o: [columns]; not the value.</param>
    public abstract void DeltaStep(
        float* state,
        int keyLength,
        float* query,
        float* key,
        float* value,
        float decay,
        float beta,
        float* output);
}
