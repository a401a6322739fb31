using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Four floats, by the portable 128-bit instructions of .NET: Arm (NEON) and any x64.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static int Length => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* from) => Vector128.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Vector128<float> value) => value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sqrt(Vector128<float> value) => Vector128.Sqrt(value);

    // Fused where the processor can; an x64 without FMA would compute it in software, so there it rounds twice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    // Not MinNative and MaxNative: what these do with NaN is the processor's own affair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.LessThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value) => Vector128.Sum(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Vector128<float> value)
    {
        value = Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(value, Vector128.Shuffle(value, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> shifted) => ((shifted.AsInt32() + Vector128.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFiniteHalf(Half* from) => ShiftHalf(from).AsSingle() * Vector128.Create(VectorMath.HalfScale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalf(Half* from)
    {
        // Infinities and NaN look like 65536 and more: they get the float's greatest exponent.
        Vector128<int> bits = ShiftHalf(from), greatest = Vector128.Create(0x0F80_0000);
        Vector128<int> infinite = Vector128.Equals(bits & greatest, greatest) & Vector128.Create(0x7F80_0000);
        return ((bits.AsSingle() * Vector128.Create(VectorMath.HalfScale)).AsInt32() | infinite).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(Half* to, Vector128<float> value)
    {
        Vector128<int> bits = Min(Vector128.Create(65504f), Max(Vector128.Create(-65504f), value)).AsInt32();
        Vector128<int> magnitude = bits & Vector128.Create(0x7FFF_FFFF);

        // Normal halves: the exponent rebased, and half a unit less one added, one more where the last kept bit is odd.
        Vector128<int> odd = (magnitude >> 13) & Vector128<int>.One;
        Vector128<int> normal = (magnitude + Vector128.Create(0xFFF - (112 << 23)) + odd) >> 13;

        // Subnormal halves: the last bit of 0.5 + x weighs 2⁻²⁴, as a subnormal half's does, so the sum rounds for us.
        Vector128<float> half = Vector128.Create(0.5f);
        Vector128<int> subnormal = (magnitude.AsSingle() + half).AsInt32() - half.AsInt32();
        Vector128<int> rounded = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(113 << 23)), subnormal, normal);
        rounded = Vector128.ConditionalSelect(
            Vector128.GreaterThan(magnitude, Vector128.Create(0x7F80_0000)),
            Vector128.Create(0x7E00),
            rounded);
        Vector128<uint> halves = (rounded | ((bits >>> 16) & Vector128.Create(0x8000))).AsUInt32();
        Unsafe.WriteUnaligned(to, Vector128.Narrow(halves, halves).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBfloat(ushort* from) =>
        (Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<ulong>(from)).AsUInt16()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBfloat(ushort* to, Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32();
        Vector128<uint> rounded = Vector128.ConditionalSelect(
            Vector128.Equals(value, value).AsUInt32(),
            bits + Vector128.Create(0x7FFFu) + ((bits >>> 16) & Vector128<uint>.One),
            bits | Vector128.Create(0x40_0000u)) >>> 16;
        Unsafe.WriteUnaligned(to, Vector128.Narrow(rounded, rounded).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBytes(sbyte* from) => Vector128.ConvertToSingle(
            Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<int>(from)).AsSByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(sbyte* to, Vector128<float> value)
    {
        // The integer stands in the low bits of the sum.
        Vector128<int> bits = (value + Vector128.Create(VectorMath.IntegerShift)).AsInt32();
        Vector128<short> codes = Vector128.Narrow(bits, bits);
        Unsafe.WriteUnaligned(to, Vector128.Narrow(codes, codes).AsInt32().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>
    /// Sign, exponent and fraction of halves in the places of a float's: as a float, the value times 2⁻¹¹², subnormals included.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ShiftHalf(Half* from) =>
        (Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<long>(from)).AsInt16()) << 13)
        & Vector128.Create(unchecked((int)0x8FFF_E000));
}
