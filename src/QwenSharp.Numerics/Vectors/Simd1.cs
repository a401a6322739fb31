using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>One float at a time: the plain twin of the vector kernels, and their rest where a row does not fill vectors.</summary>
internal readonly unsafe struct Simd1 : ISimd<float>
{
    public static int Length => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* from) => *from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, float value) => *to = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Broadcast(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float a, float b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divide(float a, float b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt(float value) => MathF.Sqrt(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min(float a, float b) => a < b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float a, float b) => a > b ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float PowerOfTwo(float shifted) => BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted) + 127) << 23);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadFiniteHalf(Half* from) => (float)*from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadHalf(Half* from) => (float)*from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreHalf(Half* to, float value) => *to = (Half)Math.Clamp(value, -65504f, 65504f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadBfloat(ushort* from) => BitConverter.UInt32BitsToSingle((uint)*from << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBfloat(ushort* to, float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        *to = (ushort)((float.IsNaN(value) ? bits | 0x40_0000 : bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadBytes(sbyte* from) => *from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(sbyte* to, float value) =>
        *to = unchecked((sbyte)BitConverter.SingleToInt32Bits(value + VectorMath.IntegerShift));

    public static void Prefetch(void* address)
    {
    }
}
