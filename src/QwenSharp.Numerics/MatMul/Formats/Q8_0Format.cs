using System.Runtime.CompilerServices;

namespace QwenSharp.Numerics;

/// <summary>Q8_0: d, codes[32].</summary>
internal readonly unsafe struct Q8_0Format : ISignedByteFormat
{
    private const int BlockBytes = 34;

    public static int UnitLength => 32;

    public static bool HasDot => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack<TLanes, V, TCodes>(byte* weights, nint stride, int columns, V* codes, V* scales)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
        where TCodes : struct, ISignedCodes
    {
        for (int block = 0; block < columns / 32; block++, weights += BlockBytes, scales += 2)
        {
            *scales = LaneMath<TLanes, V>.LowHalf(TLanes.Gather(weights, stride));
            for (int half = 0; half < 2; half++, codes += TCodes.RegistersOfFour)
            {
                TLanes.Transpose(weights + 2 + 16 * half, stride, out V q0, out V q1, out V q2, out V q3);
                TCodes.Store<TLanes, V>(codes, q0, q1, q2, q3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static V Dot<TLanes, V>(byte* weights, nint stride, int columns, byte* x, nint chunkStride, V sum, byte* next)
        where TLanes : struct, ILanes<V>
        where V : unmanaged
    {
        for (; columns > 0; columns -= 256, x += chunkStride)
        {
            byte* codes = x,
                scales = x + PackedActivations.Scales8;
            for (
                byte* end = x + Math.Min(256, columns);
                codes < end;
                codes += 32, scales += 4, weights += BlockBytes, next += TLanes.Count * BlockBytes)
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
}
