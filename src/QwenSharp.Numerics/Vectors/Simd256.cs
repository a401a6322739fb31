using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Eight floats, by AVX2 and FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static int Length => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* from) => Vector256.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Vector256<float> value) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sqrt(Vector256<float> value) => Vector256.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Vector256<float> value) => Simd128.MaxAcross(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> shifted) => ((shifted.AsInt32() + Vector256.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFiniteHalf(Half* from) => ShiftHalf(from).AsSingle() * Vector256.Create(VectorMath.HalfScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(Half* from)
    {
        // Infinities and NaN look like 65536 and more: they get the float's greatest exponent.
        Vector256<int> bits = ShiftHalf(from), greatest = Vector256.Create(0x0F80_0000);
        Vector256<int> infinite = Vector256.Equals(bits & greatest, greatest) & Vector256.Create(0x7F80_0000);
        return ((bits.AsSingle() * Vector256.Create(VectorMath.HalfScale)).AsInt32() | infinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(Half* to, Vector256<float> value)
    {
        Vector256<int> bits = Min(Vector256.Create(65504f), Max(Vector256.Create(-65504f), value)).AsInt32();
        Vector256<int> magnitude = bits & Vector256.Create(0x7FFF_FFFF);

        // Normal halves: the exponent rebased, and half a unit less one added, one more where the last kept bit is odd.
        Vector256<int> odd = (magnitude >> 13) & Vector256<int>.One;
        Vector256<int> normal = (magnitude + Vector256.Create(0xFFF - (112 << 23)) + odd) >> 13;

        // Subnormal halves: the last bit of 0.5 + x weighs 2⁻²⁴, as a subnormal half's does, so the sum rounds for us.
        Vector256<float> half = Vector256.Create(0.5f);
        Vector256<int> subnormal = (magnitude.AsSingle() + half).AsInt32() - half.AsInt32();
        Vector256<int> rounded = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(113 << 23)), subnormal, normal);
        rounded = Vector256.ConditionalSelect(
            Vector256.GreaterThan(magnitude, Vector256.Create(0x7F80_0000)),
            Vector256.Create(0x7E00),
            rounded);
        Vector256<uint> halves = (rounded | ((bits >>> 16) & Vector256.Create(0x8000))).AsUInt32();
        Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store((ushort*)to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBfloat(ushort* from) => (Avx2.ConvertToVector256Int32(from) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBfloat(ushort* to, Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = Vector256.ConditionalSelect(
            Vector256.Equals(value, value).AsUInt32(),
            bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One),
            bits | Vector256.Create(0x40_0000u)) >>> 16;
        Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBytes(sbyte* from) => Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(sbyte* to, Vector256<float> value)
    {
        // The integer stands in the low bits of the sum.
        Vector256<int> bits = (value + Vector256.Create(VectorMath.IntegerShift)).AsInt32();
        Vector128<short> codes = Vector128.Narrow(bits.GetLower(), bits.GetUpper());
        Unsafe.WriteUnaligned(to, Vector128.Narrow(codes, codes).AsInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address) => Sse.Prefetch0(address);

    /// <summary>
    /// Sign, exponent and fraction of halves in the places of a float's: as a float, the value times 2⁻¹¹², subnormals included.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> ShiftHalf(Half* from) =>
        (Avx2.ConvertToVector256Int32((short*)from) << 13) & Vector256.Create(unchecked((int)0x8FFF_E000));
}
