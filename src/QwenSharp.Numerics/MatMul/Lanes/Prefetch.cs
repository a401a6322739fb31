using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>
/// Asks the memory for what is needed soon. Kernels read eight or sixteen rows at once, a few bytes of each in turn, which
/// hardware prefetchers follow badly. .NET has no such instruction for Arm.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>Asks for the cache lines of a range. Addresses that are not mapped do no harm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(byte* from, nint count)
    {
        if (!Sse.IsSupported)
            return;

        byte* end = from + count;
        for (; from + 256 <= end; from += 256)
        {
            Sse.Prefetch0(from);
            Sse.Prefetch0(from + 64);
            Sse.Prefetch0(from + 128);
            Sse.Prefetch0(from + 192);
        }

        for (; from < end; from += 64)
            Sse.Prefetch0(from);
    }
}
