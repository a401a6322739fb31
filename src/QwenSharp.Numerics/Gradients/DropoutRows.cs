namespace QwenSharp.Numerics;

/// <summary>
/// Inverted dropout of a row. Whether an element is kept is 32 bits of SplitMix64 (Steele, Lea and Flood, 2014), two elements a number,
/// of a state that seed, row and column give: a counter instead of a sequence, so that the mask is the same whenever it is asked for.
/// </summary>
internal readonly unsafe struct DropoutRows(float* x, float* y, int width, ulong seed, float probability) : IRowOperation
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    private readonly uint _dropped = (uint)Math.Min(uint.MaxValue, Math.Round(probability * 4_294_967_296.0));
    private readonly float _scale = (float)(1 / (1 - (double)probability));

    public void Execute(int row)
    {
        float* from = x + ((long)row * width), to = y + ((long)row * width);

        // The row's own start is mixed first: with sums alone, one row's mask would be another's, moved.
        ulong state = Mix(seed + (Golden * (ulong)(row + 1L)));
        for (int i = 0; i < width; i += 2)
        {
            state += Golden;
            ulong bits = Mix(state);
            to[i] = Keep(from[i] * _scale, (uint)bits);
            if (i + 1 < width)
                to[i + 1] = Keep(from[i + 1] * _scale, (uint)(bits >> 32));
        }
    }

    /// <summary>
    /// The value, or 0 for a number below the threshold: by a mask, as a branch would be predicted wrong as often as not.
    /// </summary>
    private float Keep(float value, uint number) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~(int)(((long)number - _dropped) >> 63));

    private static ulong Mix(ulong state)
    {
        state = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
        state = (state ^ (state >> 27)) * 0x94D0_49BB_1331_11EB;
        return state ^ (state >> 31);
    }
}
