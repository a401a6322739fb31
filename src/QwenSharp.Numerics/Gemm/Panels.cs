using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>
/// Brings pieces of a matrix into a panel of a packed product: [depth, width], so that what a tile needs at one depth lies together.
/// Lines that a panel has no data for are zero.
/// </summary>
internal static unsafe class Panels
{
    private const int Four = 4;

    // Floats of a cache line.
    private const int Line = 16;

    /// <summary>panel[k, j] = from[j, k].</summary>
    /// <param name="from">[lines, depth], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="lines">Lines of the panel that there are, at most <paramref name="width"/>.</param>
    /// <param name="depth">Elements of a line.</param>
    /// <param name="panel">Where to.</param>
    /// <param name="width">Lines of a whole panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* from, nint stride, int lines, int depth, float* panel, int width)
    {
        Pad(panel, lines, depth, width);
        if (lines < Four)
        {
            TransposeOneByOne(from, stride, lines, 0, depth, panel, width);
            return;
        }

        // Four lines at a time, and at the end the last four, some of them once more.
        int whole = depth / Four * Four;
        for (int next = 0; next < lines; next += Four)
        {
            int line = Math.Min(next, lines - Four);
            float* source = from + line * stride, target = panel + line;
            for (int k = 0; k < whole; k += Four, source += Four, target += Four * width)
            {
                // Rows are too short a piece for the processor to see that the next ones follow.
                if (k % Line == 0)
                    PrefetchRows(source + Four * stride, stride);

                Lanes128.Transpose(
                    (byte*)source,
                    stride * sizeof(float),
                    out Vector128<int> q0,
                    out Vector128<int> q1,
                    out Vector128<int> q2,
                    out Vector128<int> q3);
                q0.Store((int*)target);
                q1.Store((int*)(target + width));
                q2.Store((int*)(target + 2 * width));
                q3.Store((int*)(target + 3 * width));
            }
        }

        TransposeOneByOne(from, stride, lines, whole, depth, panel, width);
    }

    /// <summary>panel[k, j] = from[k, j].</summary>
    /// <param name="from">[depth, lines], rows <paramref name="stride"/> floats apart.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="lines">Lines of the panel that there are, at most <paramref name="width"/>.</param>
    /// <param name="depth">Elements of a line.</param>
    /// <param name="panel">Where to.</param>
    /// <param name="width">Lines of a whole panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(float* from, nint stride, int lines, int depth, float* panel, int width)
    {
        Pad(panel, lines, depth, width);
        if (lines < Four)
        {
            for (int k = 0; k < depth; k++)
            {
                for (int line = 0; line < lines; line++)
                    panel[(nint)k * width + line] = from[k * stride + line];
            }

            return;
        }

        for (int next = 0; next < lines; next += Four)
        {
            int line = Math.Min(next, lines - Four);
            float* source = from + line, target = panel + line;
            for (int k = 0; k < depth; k++, source += stride, target += width)
                Vector128.Load(source).Store(target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchRows(float* from, nint stride)
    {
        Simd128.Prefetch(from);
        Simd128.Prefetch(from + stride);
        Simd128.Prefetch(from + 2 * stride);
        Simd128.Prefetch(from + 3 * stride);
    }

    private static void Pad(float* panel, int lines, int depth, int width)
    {
        if (lines < width)
            new Span<float>(panel, depth * width).Clear();
    }

    private static void TransposeOneByOne(float* from, nint stride, int lines, int first, int depth, float* panel, int width)
    {
        for (int line = 0; line < lines; line++)
        {
            for (int k = first; k < depth; k++)
                panel[(nint)k * width + line] = from[line * stride + k];
        }
    }
}
