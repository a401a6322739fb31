using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Sixteen floats, by AVX-512.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Length => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Vector512<float> value) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sqrt(Vector512<float> value) => Vector512.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Vector512<float> value) => Simd256.MaxAcross(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> shifted) => ((shifted.AsInt32() + Vector512.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFiniteHalf(Half* from) => ShiftHalf(from).AsSingle() * Vector512.Create(VectorMath.HalfScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(Half* from)
    {
        // Infinities and NaN look like 65536 and more: they get the float's greatest exponent.
        Vector512<int> bits = ShiftHalf(from), greatest = Vector512.Create(0x0F80_0000);
        Vector512<int> infinite = Vector512.Equals(bits & greatest, greatest) & Vector512.Create(0x7F80_0000);
        return ((bits.AsSingle() * Vector512.Create(VectorMath.HalfScale)).AsInt32() | infinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(Half* to, Vector512<float> value)
    {
        Vector512<int> bits = Min(Vector512.Create(65504f), Max(Vector512.Create(-65504f), value)).AsInt32();
        Vector512<int> magnitude = bits & Vector512.Create(0x7FFF_FFFF);

        // Normal halves: the exponent rebased, and half a unit less one added, one more where the last kept bit is odd.
        Vector512<int> odd = (magnitude >> 13) & Vector512<int>.One;
        Vector512<int> normal = (magnitude + Vector512.Create(0xFFF - (112 << 23)) + odd) >> 13;

        // Subnormal halves: the last bit of 0.5 + x weighs 2⁻²⁴, as a subnormal half's does, so the sum rounds for us.
        Vector512<float> half = Vector512.Create(0.5f);
        Vector512<int> subnormal = (magnitude.AsSingle() + half).AsInt32() - half.AsInt32();
        Vector512<int> rounded = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(113 << 23)), subnormal, normal);
        rounded = Vector512.ConditionalSelect(
            Vector512.GreaterThan(magnitude, Vector512.Create(0x7F80_0000)),
            Vector512.Create(0x7E00),
            rounded);
        Vector512<uint> halves = (rounded | ((bits >>> 16) & Vector512.Create(0x8000))).AsUInt32();
        Avx512F.ConvertToVector256UInt16(halves).Store((ushort*)to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBfloat(ushort* from) => (Avx512F.ConvertToVector512Int32(Vector256.Load(from)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBfloat(ushort* to, Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> rounded = Vector512.ConditionalSelect(
            Vector512.Equals(value, value).AsUInt32(),
            bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One),
            bits | Vector512.Create(0x40_0000u)) >>> 16;
        Avx512F.ConvertToVector256UInt16(rounded).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBytes(sbyte* from) =>
        Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(from)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(sbyte* to, Vector512<float> value)
    {
        // The integer stands in the low bits of the sum.
        Vector512<int> bits = (value + Vector512.Create(VectorMath.IntegerShift)).AsInt32();
        Avx512F.ConvertToVector128SByte(bits).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);

    /// <summary>
    /// Sign, exponent and fraction of halves in the places of a float's: as a float, the value times 2⁻¹¹², subnormals included.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> ShiftHalf(Half* from) =>
        (Avx512F.ConvertToVector512Int32(Vector256.Load((short*)from)) << 13) & Vector512.Create(unchecked((int)0x8FFF_E000));
}
