using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace QwenSharp.Numerics;

/// <summary>
/// Asks the memory for what is needed soon. Kernels read eight or sixteen rows at once, a few bytes of each in turn, which
/// hardware prefetchers follow badly. .NET has no such instruction for Arm.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>
    /// Asks for a number of cache lines that the compiler knows (up to 10): straight code, as it stands between the operations of a kernel.
    /// Addresses that are not mapped do no harm.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lines(byte* from, int count)
    {
        if (!Sse.IsSupported)
            return;

        Sse.Prefetch0(from);
        if (count > 1)
            Sse.Prefetch0(from + 64);
        if (count > 2)
            Sse.Prefetch0(from + 128);
        if (count > 3)
            Sse.Prefetch0(from + 192);
        if (count > 4)
            Sse.Prefetch0(from + 256);
        if (count > 5)
            Sse.Prefetch0(from + 320);
        if (count > 6)
            Sse.Prefetch0(from + 384);
        if (count > 7)
            Sse.Prefetch0(from + 448);
        if (count > 8)
            Sse.Prefetch0(from + 512);
        if (count > 9)
            Sse.Prefetch0(from + 576);
    }

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
