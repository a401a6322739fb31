namespace QwenSharp.Numerics;

/// <summary>
/// Q8_0: 32 features of a position have one scale. Keys and values are squares of 32 features and 32 positions, one after another: the
/// codes, row by row, and then the positions' scales. In the keys' squares a position is a column, in the values' a row.
/// </summary>
internal sealed unsafe class ByteKvLayout : KvLayout
{
    private const int Codes = Tokens * Tokens, Square = Codes + (Tokens * sizeof(ushort));

    public override void Write(VectorKernels kernels, float* key, float* value, byte* keys, byte* values, int slot, int length)
    {
        sbyte* column = stackalloc sbyte[Tokens];
        for (int i = 0; i < length; i += Tokens, keys += Square, values += Square)
        {
            Scales(keys)[slot] = kernels.Encode(key + i, column);
            Scatter(new ReadOnlySpan<sbyte>(column, Tokens), (sbyte*)keys + slot);
            Scales(values)[slot] = kernels.Encode(value + i, (sbyte*)values + (slot * Tokens));
        }
    }

    public override float* Keys(VectorKernels kernels, byte* keys, byte* ahead, int length, bool finite, float* y)
    {
        for (int i = 0; i < length; i += Tokens, keys += Square, ahead += Square)
            kernels.WidenColumns((sbyte*)keys, Scales(keys), y + (i * Tokens), ahead);

        return y;
    }

    public override float* Values(
        VectorKernels kernels, byte* values, byte* ahead, int length, bool finite, float* y, int rows, int stride)
    {
        for (int i = 0; i < length; i += Tokens, values += Square, ahead += Square)
            kernels.WidenRows((sbyte*)values, Scales(values), y + i, rows, stride, ahead);

        return y;
    }

    private static Half* Scales(byte* square) => (Half*)(square + Codes);
}
