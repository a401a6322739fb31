using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>A number of 16 bits, loaded and stored by whatever instructions there are.</summary>
internal unsafe interface IElement
{
    /// <summary>Loads as single precision.</summary>
    static abstract V Load<S, V>(ushort* from)
        where S : struct, ISimd<V>
        where V : struct;

    /// <summary>Stores, rounding to nearest even.</summary>
    static abstract void Store<S, V>(ushort* to, V value)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>IEEE half precision.</summary>
internal readonly unsafe struct HalfElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<S, V>(ushort* from)
        where S : struct, ISimd<V>
        where V : struct => S.LoadHalf((Half*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<S, V>(ushort* to, V value)
        where S : struct, ISimd<V>
        where V : struct => S.StoreHalf((Half*)to, value);
}

/// <summary>IEEE half precision, of which all that matter are finite: the others become some finite number, in half the time.</summary>
internal readonly unsafe struct FiniteHalfElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<S, V>(ushort* from)
        where S : struct, ISimd<V>
        where V : struct => S.LoadFiniteHalf((Half*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<S, V>(ushort* to, V value)
        where S : struct, ISimd<V>
        where V : struct => S.StoreHalf((Half*)to, value);
}

/// <summary>BF16: the upper half of single precision.</summary>
internal readonly unsafe struct BfloatElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<S, V>(ushort* from)
        where S : struct, ISimd<V>
        where V : struct => S.LoadBfloat(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<S, V>(ushort* to, V value)
        where S : struct, ISimd<V>
        where V : struct => S.StoreBfloat(to, value);
}
