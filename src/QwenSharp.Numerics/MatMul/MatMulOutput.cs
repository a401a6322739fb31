namespace QwenSharp.Numerics;

/// <summary>How a product reaches its place: · scale, + bias, then + what is there.</summary>
internal static unsafe class MatMulOutput
{
    public static void Write(in Projection projection, int token, int row, float value)
    {
        if (projection.Scale != 1)
            value *= projection.Scale;

        if (projection.Bias is { } bias)
            value += ((float*)bias.Pointer)[row];

        float* y = projection.Output.Pointer + (long)token * projection.Output.Width + row;
        *y = projection.Accumulate ? *y + value : value;
    }
}
