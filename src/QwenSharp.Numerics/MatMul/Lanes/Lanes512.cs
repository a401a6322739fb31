using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Sixteen rows in 512 bits: AVX-512 F and BW.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<int>>
{
    public static int Count => Vector512<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(void* from) => Vector512.Create(*(int*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Gather(byte* from, nint stride) =>
        Vector512.Create(Lanes256.Gather(from, stride), Lanes256.Gather(from + 8 * stride, stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(
        byte* from,
        nint stride,
        out Vector512<int> q0,
        out Vector512<int> q1,
        out Vector512<int> q2,
        out Vector512<int> q3)
    {
        // Rows r, 4 + r, 8 + r and 12 + r share a register, so that 4×4 transposes inside the quarters leave the rows in order.
        Vector512<int> r0 = Quarters(from, 4 * stride), r1 = Quarters(from + stride, 4 * stride);
        Vector512<int> r2 = Quarters(from + 2 * stride, 4 * stride), r3 = Quarters(from + 3 * stride, 4 * stride);
        Vector512<long> low01 = Avx512F.UnpackLow(r0, r1).AsInt64(), low23 = Avx512F.UnpackLow(r2, r3).AsInt64();
        Vector512<long> high01 = Avx512F.UnpackHigh(r0, r1).AsInt64(), high23 = Avx512F.UnpackHigh(r2, r3).AsInt64();
        q0 = Avx512F.UnpackLow(low01, low23).AsInt32();
        q1 = Avx512F.UnpackHigh(low01, low23).AsInt32();
        q2 = Avx512F.UnpackLow(high01, high23).AsInt32();
        q3 = Avx512F.UnpackHigh(high01, high23).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> And(Vector512<int> a, Vector512<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Or(Vector512<int> a, Vector512<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Xor(Vector512<int> a, Vector512<int> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Select(Vector512<int> mask, Vector512<int> a, Vector512<int> b) => Vector512.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Equal(Vector512<int> a, Vector512<int> b) => Vector512.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> a, int count) => a << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRight(Vector512<int> a, int count) => a >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRightSigned(Vector512<int> a, int count) => a >> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft16(Vector512<int> a, int count) => (a.AsInt16() << count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRightSigned16(Vector512<int> a, int count) => (a.AsInt16() >> count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract(Vector512<int> a, Vector512<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> a, Vector512<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add16(Vector512<int> a, Vector512<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Subtract16(Vector512<int> a, Vector512<int> b) => (a.AsInt16() - b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddBytes(Vector512<int> unsigned, Vector512<int> signed) =>
        Avx512BW.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd16(Vector512<int> a, Vector512<int> b) =>
        Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnsignedPair(Vector512<int> bytes, int index) =>
        Avx512BW.Shuffle(bytes.AsByte(), Vector512.Create(Lanes128.PairPlaces(index))).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LookUp(sbyte* table, Vector512<int> indices) =>
        Avx512BW.Shuffle(Vector512.Create(Vector256.Create(Vector128.Load(table))), indices.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ToSingle(Vector512<int> integers) => Vector512.ConvertToSingle(integers).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddSingle(Vector512<int> a, Vector512<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplySingle(Vector512<int> a, Vector512<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FusedMultiplyAdd(Vector512<int> a, Vector512<int> b, Vector512<int> c) =>
        Avx512F.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyRows(byte* codes, nint stride, byte* x, int* negatives) =>
        Vector512.Create(
            Lanes256.MultiplyRows(codes, stride, x, negatives),
            Lanes256.MultiplyRows(codes + 8 * stride, stride, x, negatives));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyHalfRows(byte* codes, nint stride, byte* x, out Vector512<int> first, out Vector512<int> last)
    {
        Lanes256.MultiplyHalfRows(codes, stride, x, out Vector256<int> first0, out Vector256<int> last0);
        Lanes256.MultiplyHalfRows(codes + 8 * stride, stride, x, out Vector256<int> first1, out Vector256<int> last1);
        (first, last) = (Vector512.Create(first0, first1), Vector512.Create(last0, last1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyNibbleRows(byte* nibbles, nint stride, sbyte* table, byte* x, int* negatives) => Vector512.Create(
        Lanes256.MultiplyNibbleRows(nibbles, stride, table, x, negatives),
        Lanes256.MultiplyNibbleRows(nibbles + 8 * stride, stride, table, x, negatives));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quarters(byte* from, nint stride) => Vector512.Create(
        Vector256.Create(Vector128.Load((int*)from), Vector128.Load((int*)(from + stride))),
        Vector256.Create(Vector128.Load((int*)(from + 2 * stride)), Vector128.Load((int*)(from + 3 * stride))));
}
