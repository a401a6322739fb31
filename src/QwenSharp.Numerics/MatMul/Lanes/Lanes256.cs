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
    public static void Transpose(
        byte* from,
        nint stride,
        out Vector256<int> q0,
        out Vector256<int> q1,
        out Vector256<int> q2,
        out Vector256<int> q3)
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
    public static Vector256<int> MultiplyAdd16(Vector256<int> a, Vector256<int> b) => Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnsignedPair(Vector256<int> bytes, int index)
    {
        Vector128<byte> places = Lanes128.PairPlaces(index);
        return Avx2.Shuffle(bytes.AsByte(), Vector256.Create(places, places)).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LookUp(sbyte* table, Vector256<int> indices) =>
        Avx2.Shuffle(Vector256.Create(Vector128.Load(table)), indices.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ToSingle(Vector256<int> integers) => Vector256.ConvertToSingle(integers).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSingle(Vector256<int> a, Vector256<int> b) => (a.AsSingle() + b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplySingle(Vector256<int> a, Vector256<int> b) => (a.AsSingle() * b.AsSingle()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FusedMultiplyAdd(Vector256<int> a, Vector256<int> b, Vector256<int> c) =>
        Fma.MultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()).AsInt32();

    // A row fills a register, so nothing is transposed before it is multiplied. One factor must be unsigned: w·x = |x|·w where
    // x ≥ 0, and |x|·(~w + 1) elsewhere; ~w fits a byte for every w, and the ones add up to the same number for all rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyRows(byte* codes, nint stride, byte* x, int* negatives)
    {
        Vector256<sbyte> activations = Vector256.Load((sbyte*)x), flip = Vector256.LessThan(activations, default);
        Vector256<byte> magnitudes = Avx2.Abs(activations);
        byte* upper = codes + 4 * stride;
        Vector256<int> r0 = MultiplyRow(codes, magnitudes, flip), r1 = MultiplyRow(codes + stride, magnitudes, flip);
        Vector256<int> r01 = AddPairs(r0, r1);
        Vector256<int> r2 = MultiplyRow(codes + 2 * stride, magnitudes, flip), r3 = MultiplyRow(codes + 3 * stride, magnitudes, flip);
        Vector256<int> r03 = AddQuads(r01, AddPairs(r2, r3));
        Vector256<int> r4 = MultiplyRow(upper, magnitudes, flip), r5 = MultiplyRow(upper + stride, magnitudes, flip);
        Vector256<int> r45 = AddPairs(r4, r5);
        Vector256<int> r6 = MultiplyRow(upper + 2 * stride, magnitudes, flip), r7 = MultiplyRow(upper + 3 * stride, magnitudes, flip);
        return AddHalves(r03, AddQuads(r45, AddPairs(r6, r7))) + Vector256.Create(*negatives);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyRow(byte* codes, Vector256<byte> magnitudes, Vector256<sbyte> flip) =>
        Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudes, Vector256.Load((sbyte*)codes) ^ flip), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyHalfRows(byte* codes, nint stride, byte* x, out Vector256<int> first, out Vector256<int> last)
    {
        Vector256<sbyte> activations = Vector256.Load((sbyte*)x);
        byte* upper = codes + 4 * stride;
        Vector256<int> r01 = AddPairs(MultiplyRow(codes, activations), MultiplyRow(codes + stride, activations));
        Vector256<int> r23 = AddPairs(MultiplyRow(codes + 2 * stride, activations), MultiplyRow(codes + 3 * stride, activations));
        Vector256<int> r45 = AddPairs(MultiplyRow(upper, activations), MultiplyRow(upper + stride, activations));
        Vector256<int> r67 = AddPairs(MultiplyRow(upper + 2 * stride, activations), MultiplyRow(upper + 3 * stride, activations));
        Vector256<int> r03 = AddQuads(r01, r23), r47 = AddQuads(r45, r67);
        (first, last) = (Avx2.Permute2x128(r03, r47, 0x20), Avx2.Permute2x128(r03, r47, 0x31));
    }

    // w·x = |w|·(x with the sign of w).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyRow(byte* codes, Vector256<sbyte> activations)
    {
        Vector256<sbyte> w = Vector256.Load((sbyte*)codes);
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Avx2.Abs(w), Avx2.Sign(activations, w)), Vector256.Create((short)1));
    }

    // Rows r and 4 + r share a register, so that sums inside the halves leave the rows in order. Signs as in MultiplyRows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyNibbleRows(byte* nibbles, nint stride, sbyte* table, byte* x, int* negatives)
    {
        Vector256<sbyte> first = Vector256.Create(Vector128.Load((sbyte*)x)), last = Vector256.Create(Vector128.Load((sbyte*)x + 16));
        Vector256<sbyte> flipFirst = Vector256.LessThan(first, default), flipLast = Vector256.LessThan(last, default);
        Vector256<byte> magnitudesFirst = Avx2.Abs(first), magnitudesLast = Avx2.Abs(last);
        Vector256<sbyte> codes = Vector256.Create(Vector128.Load(table));
        byte* upper = nibbles + 4 * stride;
        Vector256<int> r0 = MultiplyTwoRows(nibbles, upper, codes, magnitudesFirst, flipFirst, magnitudesLast, flipLast);
        Vector256<int> r1 = MultiplyTwoRows(nibbles + stride, upper + stride, codes, magnitudesFirst, flipFirst, magnitudesLast, flipLast);
        Vector256<int> r01 = AddPairs(r0, r1);
        Vector256<int> r2 = MultiplyTwoRows(
            nibbles + 2 * stride,
            upper + 2 * stride,
            codes,
            magnitudesFirst,
            flipFirst,
            magnitudesLast,
            flipLast);
        Vector256<int> r3 = MultiplyTwoRows(
            nibbles + 3 * stride,
            upper + 3 * stride,
            codes,
            magnitudesFirst,
            flipFirst,
            magnitudesLast,
            flipLast);
        return AddQuads(r01, AddPairs(r2, r3)) + Vector256.Create(*negatives);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyTwoRows(
        byte* lower, byte* upper, Vector256<sbyte> table,
        Vector256<byte> magnitudesFirst, Vector256<sbyte> flipFirst, Vector256<byte> magnitudesLast, Vector256<sbyte> flipLast)
    {
        Vector256<sbyte> bytes = Vector256.Create(Vector128.Load((sbyte*)lower), Vector128.Load((sbyte*)upper)),
            nibble = Vector256.Create((sbyte)15);
        Vector256<sbyte> first = Avx2.Shuffle(table, bytes & nibble),
            last = Avx2.Shuffle(table, (bytes.AsInt16() >>> 4).AsSByte() & nibble);
        Vector256<short> ones = Vector256.Create((short)1);
        return Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudesFirst, first ^ flipFirst), ones) +
            Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(magnitudesLast, last ^ flipLast), ones);
    }

    /// <summary>Sums of eight registers, one a row: row r's in lane r.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SumRows(Vector256<int>* rows) => AddHalves(
        AddQuads(AddPairs(rows[0], rows[1]), AddPairs(rows[2], rows[3])),
        AddQuads(AddPairs(rows[4], rows[5]), AddPairs(rows[6], rows[7])));

    // Three steps from eight registers, one a row, to one register with the sum of row r in lane r.
    // Lanes of each half: a0 + a2, b0 + b2, a1 + a3, b1 + b3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddPairs(Vector256<int> a, Vector256<int> b) => Avx2.UnpackLow(a, b) + Avx2.UnpackHigh(a, b);

    // Lanes of each half: the four rows' sums over that half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddQuads(Vector256<int> ab, Vector256<int> cd) =>
        Avx2.UnpackLow(ab.AsInt64(), cd.AsInt64()).AsInt32() + Avx2.UnpackHigh(ab.AsInt64(), cd.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddHalves(Vector256<int> lower, Vector256<int> upper) =>
        Avx2.Permute2x128(lower, upper, 0x20) + Avx2.Permute2x128(lower, upper, 0x31);
}
