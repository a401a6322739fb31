using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Eight rows in 256 bits: AVX2 and FMA.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<int>>
{
    public static int Count => Vector256<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(void* from) => Vector256.Create(*(int*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Gather(byte* from, nint stride)
    {
        byte* upper = from + 4 * stride;
        return Vector256.Create(
            *(int*)from, *(int*)(from + stride), *(int*)(from + 2 * stride), *(int*)(from + 3 * stride),
            *(int*)upper, *(int*)(upper + stride), *(int*)(upper + 2 * stride), *(int*)(upper + 3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(byte* from, nint stride, out Vector256<int> q0, out Vector256<int> q1, out Vector256<int> q2, out Vector256<int> q3)
    {
        // Rows r and 4 + r share a register, so that 4×4 transposes inside the halves leave the rows in order.
        byte* upper = from + 4 * stride;
        Vector256<int> r0 = Vector256.Create(Vector128.Load((int*)from), Vector128.Load((int*)upper));
        Vector256<int> r1 = Vector256.Create(Vector128.Load((int*)(from + stride)), Vector128.Load((int*)(upper + stride)));
        Vector256<int> r2 = Vector256.Create(Vector128.Load((int*)(from + 2 * stride)), Vector128.Load((int*)(upper + 2 * stride)));
        Vector256<int> r3 = Vector256.Create(Vector128.Load((int*)(from + 3 * stride)), Vector128.Load((int*)(upper + 3 * stride)));
        Vector256<long> low01 = Avx2.UnpackLow(r0, r1).AsInt64(), low23 = Avx2.UnpackLow(r2, r3).AsInt64();
        Vector256<long> high01 = Avx2.UnpackHigh(r0, r1).AsInt64(), high23 = Avx2.UnpackHigh(r2, r3).AsInt64();
        q0 = Avx2.UnpackLow(low01, low23).AsInt32();
        q1 = Avx2.UnpackHigh(low01, low23).AsInt32();
        q2 = Avx2.UnpackLow(high01, high23).AsInt32();
        q3 = Avx2.UnpackHigh(high01, high23).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> And(Vector256<int> a, Vector256<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Or(Vector256<int> a, Vector256<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Xor(Vector256<int> a, Vector256<int> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Select(Vector256<int> mask, Vector256<int> a, Vector256<int> b) => Vector256.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Equal(Vector256<int> a, Vector256<int> b) => Vector256.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> a, int count) => a << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> a, int count) => a >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRightSigned(Vector256<int> a, int count) => a >> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft16(Vector256<int> a, int count) => (a.AsInt16() << count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRightSigned16(Vector256<int> a, int count) => (a.AsInt16() >> count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract(Vector256<int> a, Vector256<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<int> a, Vector256<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add16(Vector256<int> a, Vector256<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Subtract16(Vector256<int> a, Vector256<int> b) => (a.AsInt16() - b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddBytes(Vector256<int> unsigned, Vector256<int> signed) =>
        Avx2.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddSignedBytes(Vector256<int> a, Vector256<int> b) =>
        Avx2.MultiplyAddAdjacent(Avx2.Abs(a.AsSByte()), Avx2.Sign(b.AsSByte(), a.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd16(Vector256<int> a, Vector256<int> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToSingle(Vector256<int> integers) => Vector256.ConvertToSingle(integers).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSingle(Vector256<int> a, Vector256<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplySingle(Vector256<int> a, Vector256<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FusedMultiplyAdd(Vector256<int> a, Vector256<int> b, Vector256<int> c) =>
        Fma.MultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsInt32();
}
