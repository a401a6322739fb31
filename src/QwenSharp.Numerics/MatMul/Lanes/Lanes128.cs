using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>Four rows in 128 bits: portable, with the byte and 16-bit products of Arm and x64 where they exist.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<int>>
{
    public static int Count => Vector128<int>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(void* from) => Vector128.Create(*(int*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Gather(byte* from, nint stride) =>
        Vector128.Create(*(int*)from, *(int*)(from + stride), *(int*)(from + 2 * stride), *(int*)(from + 3 * stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(
        byte* from,
        nint stride,
        out Vector128<int> q0,
        out Vector128<int> q1,
        out Vector128<int> q2,
        out Vector128<int> q3)
    {
        if (!Sse2.IsSupported && !AdvSimd.Arm64.IsSupported)
        {
            (q0, q1, q2, q3) = (Gather(from, stride), Gather(from + 4, stride), Gather(from + 8, stride), Gather(from + 12, stride));
            return;
        }

        Vector128<int> r0 = Vector128.Load((int*)from), r1 = Vector128.Load((int*)(from + stride));
        Vector128<int> r2 = Vector128.Load((int*)(from + 2 * stride)), r3 = Vector128.Load((int*)(from + 3 * stride));
        Vector128<long> low01 = InterleaveLow(r0, r1), low23 = InterleaveLow(r2, r3);
        Vector128<long> high01 = InterleaveHigh(r0, r1), high23 = InterleaveHigh(r2, r3);

        // Not halves put together with Vector128.Create: on x64 these would go through memory.
        (q0, q1) = (InterleaveLow(low01, low23), InterleaveHigh(low01, low23));
        (q2, q3) = (InterleaveLow(high01, high23), InterleaveHigh(high01, high23));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> And(Vector128<int> a, Vector128<int> b) => a & b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Or(Vector128<int> a, Vector128<int> b) => a | b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Xor(Vector128<int> a, Vector128<int> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Select(Vector128<int> mask, Vector128<int> a, Vector128<int> b) => Vector128.ConditionalSelect(mask, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Equal(Vector128<int> a, Vector128<int> b) => Vector128.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft(Vector128<int> a, int count) => a << count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRight(Vector128<int> a, int count) => a >>> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRightSigned(Vector128<int> a, int count) => a >> count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftLeft16(Vector128<int> a, int count) => (a.AsInt16() << count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ShiftRightSigned16(Vector128<int> a, int count) => (a.AsInt16() >> count).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract(Vector128<int> a, Vector128<int> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Multiply(Vector128<int> a, Vector128<int> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add16(Vector128<int> a, Vector128<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Subtract16(Vector128<int> a, Vector128<int> b) => (a.AsInt16() - b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddBytes(Vector128<int> unsigned, Vector128<int> signed)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

        // Unsigned codes are below 128, so they are signed bytes too.
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<short> lower = AdvSimd.MultiplyWideningLower(unsigned.AsSByte().GetLower(), signed.AsSByte().GetLower());
            Vector128<short> upper = AdvSimd.MultiplyWideningUpper(unsigned.AsSByte(), signed.AsSByte());
            return AdvSimd.Arm64.AddPairwise(lower, upper).AsInt32();
        }

        return PortableMultiplyAddBytes(unsigned, signed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddSignedBytes(Vector128<int> a, Vector128<int> b)
    {
        if (Ssse3.IsSupported)
            return Ssse3.MultiplyAddAdjacent(Ssse3.Abs(a.AsSByte()), Ssse3.Sign(b.AsSByte(), a.AsSByte())).AsInt32();

        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<short> lower = AdvSimd.MultiplyWideningLower(a.AsSByte().GetLower(), b.AsSByte().GetLower());
            Vector128<short> upper = AdvSimd.MultiplyWideningUpper(a.AsSByte(), b.AsSByte());
            return AdvSimd.Arm64.AddPairwise(lower, upper).AsInt32();
        }

        return PortableMultiplyAddBytes(a, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd16(Vector128<int> a, Vector128<int> b)
    {
        if (Sse2.IsSupported)
            return Sse2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<int> lower = AdvSimd.MultiplyWideningLower(a.AsInt16().GetLower(), b.AsInt16().GetLower());
            Vector128<int> upper = AdvSimd.MultiplyWideningUpper(a.AsInt16(), b.AsInt16());
            return AdvSimd.Arm64.AddPairwise(lower, upper);
        }

        return PortableMultiplyAdd16(a, b);
    }

    /// <summary>Sums of two neighbouring products of signed bytes, where no instruction does it.</summary>
    internal static Vector128<int> PortableMultiplyAddBytes(Vector128<int> a, Vector128<int> b)
    {
        Vector128<short> x = a.AsInt16(), y = b.AsInt16();
        return ((x << 8 >> 8) * (y << 8 >> 8) + (x >> 8) * (y >> 8)).AsInt32();
    }

    /// <summary>Sums of two neighbouring products of signed 16-bit integers, where no instruction does it.</summary>
    internal static Vector128<int> PortableMultiplyAdd16(Vector128<int> a, Vector128<int> b) =>
        (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> UnsignedPair(Vector128<int> bytes, int index) =>
        Vector128.Shuffle(bytes.AsByte(), PairPlaces(index)).AsInt32();

    /// <summary>
    /// Where a shuffle of bytes finds byte <paramref name="index"/> of each lane for both of its 16-bit integers; the places of their upper
    /// bytes lie outside, which gives 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PairPlaces(int index)
    {
        uint place = 0x80008000 | (uint)index * 0x00010001;
        return Vector128.Create(place, place + 0x00040004, place + 0x00080008, place + 0x000c000c).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LookUp(sbyte* table, Vector128<int> indices) =>
        Vector128.ShuffleNative(Vector128.Load(table), indices.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ToSingle(Vector128<int> integers) => Vector128.ConvertToSingle(integers).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddSingle(Vector128<int> a, Vector128<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplySingle(Vector128<int> a, Vector128<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> FusedMultiplyAdd(Vector128<int> a, Vector128<int> b, Vector128<int> c) =>
        Vector128.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> InterleaveLow(Vector128<int> a, Vector128<int> b) =>
        (Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b)).AsInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> InterleaveHigh(Vector128<int> a, Vector128<int> b) =>
        (Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b)).AsInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> InterleaveLow(Vector128<long> a, Vector128<long> b) =>
        (Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> InterleaveHigh(Vector128<long> a, Vector128<long> b) =>
        (Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyRows(byte* codes, nint stride, byte* x, int* negatives) =>
        MultiplyRows16(codes, stride, x) + MultiplyRows16(codes + 16, stride, x + 16);

    // Two neighbouring products of 128 · 127 fit 16 bits, but no more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyRows16(byte* codes, nint stride, byte* x)
    {
        Vector128<int> ones = Vector128.Create(0x00010001);
        Transpose(codes, stride, out Vector128<int> q0, out Vector128<int> q1, out Vector128<int> q2, out Vector128<int> q3);
        Vector128<int> a = MultiplyAdd16(MultiplyAddSignedBytes(q0, Broadcast(x)), ones);
        Vector128<int> b = MultiplyAdd16(MultiplyAddSignedBytes(q1, Broadcast(x + 4)), ones);
        Vector128<int> c = MultiplyAdd16(MultiplyAddSignedBytes(q2, Broadcast(x + 8)), ones);
        Vector128<int> d = MultiplyAdd16(MultiplyAddSignedBytes(q3, Broadcast(x + 12)), ones);
        return a + b + (c + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyHalfRows(byte* codes, nint stride, byte* x, out Vector128<int> first, out Vector128<int> last) =>
        (first, last) = (MultiplyRows16(codes, stride, x), MultiplyRows16(codes + 16, stride, x + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyNibbleRows(byte* nibbles, nint stride, sbyte* table, byte* x, int* negatives)
    {
        Transpose(nibbles, stride, out Vector128<int> q0, out Vector128<int> q1, out Vector128<int> q2, out Vector128<int> q3);
        Vector128<int> a = MultiplyNibbles(q0, table, x) + MultiplyNibbles(q1, table, x + 4);
        return a + (MultiplyNibbles(q2, table, x + 8) + MultiplyNibbles(q3, table, x + 12));
    }

    // A quad of low nibbles and, 16 columns on, the high ones; two neighbouring products of 127 · 127 fit 16 bits, but no more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyNibbles(Vector128<int> quad, sbyte* table, byte* x)
    {
        Vector128<int> nibble = Vector128.Create(0x0f0f0f0f), ones = Vector128.Create(0x00010001);
        Vector128<int> low = MultiplyAddSignedBytes(LookUp(table, quad & nibble), Broadcast(x));
        Vector128<int> high = MultiplyAddSignedBytes(LookUp(table, quad >>> 4 & nibble), Broadcast(x + 16));
        return MultiplyAdd16(low, ones) + MultiplyAdd16(high, ones);
    }
}
