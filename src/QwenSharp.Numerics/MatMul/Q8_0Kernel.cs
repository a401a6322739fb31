using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>
/// Products with Q8_0: signed bytes do not fit the unsigned × signed byte product, so codes and activations are widened
/// to 16 bits, once each. A quad of columns 0 1 2 3 becomes the pairs (0, 2) and (1, 3), which take one shift or two to make.
/// </summary>
internal readonly unsafe struct Q8_0Kernel : IPanelKernel
{
    private const int BlockBytes = 34, Pairs = 0, D = 2 * 128;

    public static bool HasDot => true;

    public static int MaxTile => 3;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V>(byte* weights, nint stride, int columns, V* panel)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V* to = panel + Pairs;
        for (int block = 0; block < columns / 32; block++, weights += BlockBytes)
        {
            panel[D + 2 * block] = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(weights, stride));
            for (int half = 0; half < 2; half++, to += 16)
            {
                TLanes.Transpose(weights + 2 + 16 * half, stride, out V q0, out V q1, out V q2, out V q3);
                to[0] = LaneMath<TLanes, V>.EvenBytes(q0);
                to[2] = LaneMath<TLanes, V>.OddBytes(q0);
                to[4] = LaneMath<TLanes, V>.EvenBytes(q1);
                to[6] = LaneMath<TLanes, V>.OddBytes(q1);
                to[8] = LaneMath<TLanes, V>.EvenBytes(q2);
                to[10] = LaneMath<TLanes, V>.OddBytes(q2);
                to[12] = LaneMath<TLanes, V>.EvenBytes(q3);
                to[14] = LaneMath<TLanes, V>.OddBytes(q3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TLanes, V, TTile>(V* panel, byte* x, nint stride, int columns, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TTile : struct, ITile
    {
        V* w = panel + Pairs;
        byte* pairs = x;
        for (int block = 0; block < columns / 32; block++)
        {
            // aᵣₜ: 32-bit sums of row group r and token t over the block.
            V a00 = default, a10 = default, a01 = default, a11 = default, a02 = default, a12 = default;
            for (byte* end = pairs + 64; pairs < end; pairs += 8, w += 4)
            {
                V w0 = w[0], w1 = w[1], activation = TLanes.Broadcast(pairs);
                a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(activation, w0));
                a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(activation, w1));
                if (TTile.Tokens > 1)
                {
                    activation = TLanes.Broadcast(pairs + stride);
                    a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(activation, w0));
                    a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(activation, w1));
                }

                if (TTile.Tokens > 2)
                {
                    activation = TLanes.Broadcast(pairs + 2 * stride);
                    a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(activation, w0));
                    a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(activation, w1));
                }

                (w0, w1, activation) = (w[2], w[3], TLanes.Broadcast(pairs + 4));
                a00 = TLanes.Add(a00, TLanes.MultiplyAdd16(activation, w0));
                a10 = TLanes.Add(a10, TLanes.MultiplyAdd16(activation, w1));
                if (TTile.Tokens > 1)
                {
                    activation = TLanes.Broadcast(pairs + 4 + stride);
                    a01 = TLanes.Add(a01, TLanes.MultiplyAdd16(activation, w0));
                    a11 = TLanes.Add(a11, TLanes.MultiplyAdd16(activation, w1));
                }

                if (TTile.Tokens > 2)
                {
                    activation = TLanes.Broadcast(pairs + 4 + 2 * stride);
                    a02 = TLanes.Add(a02, TLanes.MultiplyAdd16(activation, w0));
                    a12 = TLanes.Add(a12, TLanes.MultiplyAdd16(activation, w1));
                }
            }

            V* d = panel + D + 2 * block;
            byte* scales = x + PackedActivations.WideScales + 4 * block;
            Scale<TLanes, V>(d, scales, a00, a10, sums);
            if (TTile.Tokens > 1)
                Scale<TLanes, V>(d, scales + stride, a01, a11, sums + 2);

            if (TTile.Tokens > 2)
                Scale<TLanes, V>(d, scales + 2 * stride, a02, a12, sums + 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (; columns > 0; columns -= 256, x += chunkStride)
        {
            byte* codes = x, scales = x + PackedActivations.Scales8;
            for (byte* end = x + Math.Min(256, columns); codes < end; codes += 32, scales += 4, weights += BlockBytes, next += TLanes.Count * BlockBytes)
            {
                Prefetch.Lines(next, (TLanes.Count * BlockBytes + 63) / 64);
                int* negatives = (int*)(scales + (PackedActivations.Negatives - PackedActivations.Scales8));
                V products = TLanes.MultiplyRows(weights + 2, stride, codes, negatives);
                V d = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(weights, stride));
                sum = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d, TLanes.Broadcast(scales)), TLanes.ToSingle(products), sum);
            }
        }

        return sum;
    }

    // y = fma(d · dx, integer sum, y)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TLanes, V>(V* d, byte* scale, V a0, V a1, V* sums)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        V dx = TLanes.Broadcast(scale);
        sums[0] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[0], dx), TLanes.ToSingle(a0), sums[0]);
        sums[1] = TLanes.FusedMultiplyAdd(TLanes.MultiplySingle(d[1], dx), TLanes.ToSingle(a1), sums[1]);
    }
}
