using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace QwenSharp.Numerics;

/// <summary>How fast this machine reads memory: what bounds decoding, where every token reads all weights once.</summary>
public static unsafe class MemoryBandwidth
{
    private const int TaskBytes = 256 << 10;

    /// <summary>
    /// Reads a buffer larger than any cache several times with all threads. All passes count, not the fastest alone: a decode run, too, has
    /// to
    /// live with what others on the machine leave of the memory.
    /// </summary>
    /// <param name="threads">How many threads read; 0 for one a processor.</param>
    /// <param name="bufferBytes">The buffer's size, well above that of the last-level cache.</param>
    /// <param name="passes">How many passes.</param>
    /// <returns>Bytes a second.</returns>
    public static double Measure(int threads = 0, long bufferBytes = 512L << 20, int passes = 8)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferBytes, TaskBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        using WorkerPool pool = new(threads == 0 ? Environment.ProcessorCount : threads);
        using NativeBuffer buffer = new(bufferBytes);
        int tasks = (int)(bufferBytes / TaskBytes);

        // Pages that were never written may all be one page of zeros.
        for (int task = 0; task < tasks; task++)
            buffer.Span((long)task * TaskBytes, TaskBytes).Fill(1);

        ReadJob job = new(buffer.Pointer);
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < passes; pass++)
            pool.Run(ref job, tasks);

        return (double)passes * tasks * TaskBytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private struct ReadJob(byte* buffer) : IParallelJob
    {
        // What is read must be used, or the compiler could leave the reading out.
        private long _sum;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int task, int worker)
        {
            byte* from = buffer + (long)task * TaskBytes;
            Vector256<long> a = default, b = default, c = default, d = default;
            for (byte* end = from + TaskBytes; from < end; from += 128)
            {
                a += Vector256.Load((long*)from);
                b += Vector256.Load((long*)(from + 32));
                c += Vector256.Load((long*)(from + 64));
                d += Vector256.Load((long*)(from + 96));
            }

            Interlocked.Add(ref _sum, Vector256.Sum(a + b + (c + d)));
        }
    }
}
