namespace QwenSharp.Numerics;

/// <summary>
/// The vector instructions that row and attention kernels are written in, once for all instruction sets.
/// Products are fused with sums wherever the processor can.
/// </summary>
/// <typeparam name="V">The register: <see cref="Length"/> floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    static abstract int Length { get; }

    static abstract V Load(float* from);

    static abstract void Store(float* to, V value);

    static abstract V Broadcast(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    static abstract V Sqrt(V value);

    /// <summary>a · b + c.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>a &lt; b ? a : b, so b where one is NaN.</summary>
    static abstract V Min(V a, V b);

    /// <summary>a &gt; b ? a : b, so b where one is NaN.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(V value);

    /// <summary>The greatest lane, of lanes that are numbers.</summary>
    static abstract float MaxAcross(V value);

    /// <summary>2ⁿ, given n + <see cref="VectorMath.IntegerShift"/> for an integral n of −126 … 127.</summary>
    static abstract V PowerOfTwo(V shifted);

    /// <summary>Loads IEEE half-precision numbers, exactly, subnormals too; what is not finite becomes some finite number.</summary>
    static abstract V LoadFiniteHalf(Half* from);

    /// <summary>Loads IEEE half-precision numbers, exactly: subnormals, infinities and NaN too.</summary>
    static abstract V LoadHalf(Half* from);

    /// <summary>Stores as half precision, to nearest even; what is beyond ±65504 saturates, NaN stays NaN.</summary>
    static abstract void StoreHalf(Half* to, V value);

    /// <summary>Loads BF16, exactly: infinities and NaN too.</summary>
    static abstract V LoadBfloat(ushort* from);

    /// <summary>Stores as BF16, to nearest even, which is infinite beyond the greatest; NaN stays NaN.</summary>
    static abstract void StoreBfloat(ushort* to, V value);

    /// <summary>Loads integers of 8 bits.</summary>
    static abstract V LoadBytes(sbyte* from);

    /// <summary>Stores as integers of 8 bits, to nearest even; given −127 … 127.</summary>
    static abstract void StoreBytes(sbyte* to, V value);

    /// <summary>Asks for a cache line ahead of its use, where .NET has an instruction for it.</summary>
    static abstract void Prefetch(void* address);
}
