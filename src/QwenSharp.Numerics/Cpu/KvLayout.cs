namespace QwenSharp.Numerics;

/// <summary>
/// How the keys and values of one head and <see cref="KvStore.BlockTokens"/> positions lie in the host's memory, and how they get there and
/// back: one for each type of cache. The keys lie transposed, [headLength, BlockTokens], the values [BlockTokens, headLength]. Each of
/// both takes as many bytes as the type's elements do.
/// </summary>
/// <remarks>
/// What decoding one token reads of each earlier one, for each KV head of 128 features, keys and values, and how many instructions
/// it takes to make a vector of floats of them:
/// <list type="table">
/// <item><term>F32</term><description>1,024 bytes; none, they are read where they lie</description></item>
/// <item><term>F16</term><description>512 bytes; 5: load and widen, shift, mask, multiply, store</description></item>
/// <item><term>BF16</term><description>512 bytes; 3: load and widen, shift, store</description></item>
/// <item><term>Q8_0</term><description>272 bytes; 4: load and widen, convert, multiply by the scale, store</description></item>
/// </list>
/// The products themselves take two for each query of a group.
/// </remarks>
internal abstract unsafe class KvLayout
{
    private protected const int Tokens = KvStore.BlockTokens;

    /// <summary>The layout of a type of <see cref="KvStore.Types"/>.</summary>
    public static KvLayout Of(TensorType type) => type switch
    {
        TensorType.F32 => new SingleKvLayout(),
        TensorType.F16 => new HalfKvLayout(),
        TensorType.BF16 => new BfloatKvLayout(),
        TensorType.Q8_0 => new ByteKvLayout(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No KV cache is of this type."),
    };

    /// <summary>Whether reading takes less time where all that was written is known to be finite.</summary>
    public virtual bool AsksForFinite => false;

    /// <summary>Writes one position's key and value.</summary>
    /// <param name="kernels">The processor's.</param>
    /// <param name="key">[length].</param>
    /// <param name="value">[length].</param>
    /// <param name="keys">The block's.</param>
    /// <param name="values">The block's.</param>
    /// <param name="slot">The position in the block.</param>
    /// <param name="length">Features of the head.</param>
    public abstract void Write(VectorKernels kernels, float* key, float* value, byte* keys, byte* values, int slot, int length);

    /// <summary>The transposed keys in single precision: [length, BlockTokens]. What was never written may become anything.</summary>
    /// <param name="kernels">The processor's.</param>
    /// <param name="keys">The block's.</param>
    /// <param name="ahead">Keys that are to be read next.</param>
    /// <param name="length">Features of the head.</param>
    /// <param name="finite">Whether all that was written is finite.</param>
    /// <param name="y">Memory for them: where they need not be converted, it is not used.</param>
    public abstract float* Keys(VectorKernels kernels, byte* keys, byte* ahead, int length, bool finite, float* y);

    /// <summary>The first <paramref name="rows"/> values in single precision, each <paramref name="stride"/> floats.</summary>
    /// <inheritdoc cref="Keys"/>
    public abstract float* Values(
        VectorKernels kernels, byte* values, byte* ahead, int length, bool finite, float* y, int rows, int stride);

    /// <summary>Writes a column of transposed keys.</summary>
    private protected static void Scatter<T>(ReadOnlySpan<T> from, T* to)
        where T : unmanaged
    {
        for (int i = 0; i < from.Length; i++)
            to[i * Tokens] = from[i];
    }
}
