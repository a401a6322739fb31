namespace QwenSharp.Numerics;

/// <summary>
/// A vector register as the matrix kernels see it: one 32-bit lane for each of <see cref="Count"/> weight rows.
/// A lane holds four bytes (a quad: four consecutive columns of its row), two 16-bit integers, an integer or a float.
/// Kernels are written once over this; each instruction set implements it in one file.
/// </summary>
/// <typeparam name="V">The register type; its element type means nothing.</typeparam>
internal unsafe interface ILanes<V>
    where V : unmanaged
{
    /// <summary>Lanes in a register.</summary>
    static abstract int Count { get; }

    /// <summary>The 32 bits at an address, in every lane.</summary>
    static abstract V Broadcast(void* from);

    /// <summary>An integer, in every lane.</summary>
    static abstract V Broadcast(int value);

    /// <summary>The 32 bits at from + lane · stride.</summary>
    static abstract V Gather(byte* from, nint stride);

    /// <summary>Transposes 16 bytes of each row: lane r of qᵢ is the i-th quad at from + r · stride.</summary>
    static abstract void Transpose(byte* from, nint stride, out V q0, out V q1, out V q2, out V q3);

    static abstract V And(V a, V b);

    static abstract V Or(V a, V b);

    static abstract V Xor(V a, V b);

    static abstract V Select(V mask, V a, V b);

    static abstract V Equal(V a, V b);

    static abstract V ShiftLeft(V a, int count);

    static abstract V ShiftRight(V a, int count);

    static abstract V ShiftRightSigned(V a, int count);

    static abstract V ShiftLeft16(V a, int count);

    static abstract V ShiftRightSigned16(V a, int count);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Add16(V a, V b);

    static abstract V Subtract16(V a, V b);

    /// <summary>Sums of two neighbouring products of unsigned with signed bytes, as 16-bit integers that must not overflow.</summary>
    static abstract V MultiplyAddBytes(V unsigned, V signed);

    /// <summary>Sums of two neighbouring products of signed 16-bit integers.</summary>
    static abstract V MultiplyAdd16(V a, V b);

    /// <summary>Unsigned byte <paramref name="index"/> (a constant) of each lane as two equal 16-bit integers.</summary>
    static abstract V UnsignedPair(V bytes, int index);

    /// <summary>For each byte of a register, which is 0 … 15, that byte of a table.</summary>
    /// <param name="table">16 bytes.</param>
    /// <param name="indices">The bytes.</param>
    static abstract V LookUp(sbyte* table, V indices);

    static abstract V ToSingle(V integers);

    static abstract V AddSingle(V a, V b);

    static abstract V MultiplySingle(V a, V b);

    /// <summary>a · b + c, rounded once.</summary>
    static abstract V FusedMultiplyAdd(V a, V b, V c);

    /// <summary>Sums of 32 products of signed bytes: lane r has those of the 32 codes at codes + r · stride.</summary>
    /// <param name="codes">The first row's codes.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="x">32 activations, none of which is −128.</param>
    /// <param name="negatives">Σ |x| over the activations below zero.</param>
    static abstract V MultiplyRows(byte* codes, nint stride, byte* x, int* negatives);

    /// <summary>As <see cref="MultiplyRows"/>, with the sums of the first and of the last 16 columns apart.</summary>
    /// <param name="codes">The first row's codes, none of which is −128.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="x">32 activations, none of which is −128.</param>
    /// <param name="first">Sums of columns 0 … 15.</param>
    /// <param name="last">Sums of columns 16 … 31.</param>
    static abstract void MultiplyHalfRows(byte* codes, nint stride, byte* x, out V first, out V last);

    /// <summary>As <see cref="MultiplyRows"/>, of codes that are looked up.</summary>
    /// <param name="nibbles">The first row's 16 bytes: their low nibbles are the first 16 codes' indices, the high ones the
    /// others'.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="table">16 codes, none of which is −128.</param>
    /// <param name="x">32 activations, none of which is −128.</param>
    /// <param name="negatives">Σ |x| over the activations below zero.</param>
    static abstract V MultiplyNibbleRows(byte* nibbles, nint stride, sbyte* table, byte* x, int* negatives);
}
