using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>Times and the machine's own limits to hold them against.</summary>
internal static unsafe class Measure
{
    /// <summary>The least seconds of one call, after enough calls for the compiler's last tier.</summary>
    public static double Best(Action action, double seconds = 1.5)
    {
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            long begin = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }

        return best;
    }

    /// <summary>
    /// The processor time of one call, for each of its threads, in the best of some samples: unlike <see cref="Best"/> it leaves out the
    /// time in which other programs had the
    /// processor, so that long calls can be measured on a machine that is shared. Threads that wait awake count as busy.
    /// </summary>
    public static double LeastProcessorTime(Action action, int threads, double seconds)
    {
        double best = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            // Linux brings the time of threads that run on other processors up to date every few milliseconds only.
            const double Sample = 0.06;
            double begin = Environment.CpuUsage.TotalTime.TotalSeconds, taken;
            int calls = 0;
            do
            {
                action();
                calls++;
                taken = Environment.CpuUsage.TotalTime.TotalSeconds - begin;
            }
            while (taken < Sample * threads);

            best = Math.Min(best, taken / calls / threads);
        }

        return best;
    }

    /// <summary>Multiply-adds a second of F32 that this many threads reach in registers.</summary>
    public static double PeakMacs(WorkerPool pool) => PeakMacs(pool, action => Best(action));

    /// <summary>Multiply-adds a second of F32 that this many threads reach in registers, timed in a way of the caller's.</summary>
    public static double PeakMacs(WorkerPool pool, Func<Action, double> time)
    {
        double operations = 0, seconds = time(() => operations = FloatPeak.Pass(pool));
        return operations / 2 / seconds;
    }

    /// <summary>Bytes a second that this many threads read from memory.</summary>
    public static double ReadBandwidth(WorkerPool pool)
    {
        using NativeBuffer buffer = new(400L << 20);
        for (long i = 0; i < buffer.Length; i += 1 << 20)
            buffer.Span(i, 1 << 20).Fill(1);

        // In pieces that other programs seldom interrupt, each long out of the caches when its turn comes again.
        const int Piece = 16 << 20, Task = 256 << 10;
        long next = 0;
        double seconds = Best(() =>
        {
            ReadJob job = new(buffer.Pointer + next, Task);
            pool.Run(ref job, Piece / Task);
            next = (next + Piece) % buffer.Length;
        });
        return Piece / seconds;
    }

    private readonly struct ReadJob(byte* from, int bytes) : IParallelJob
    {
        public void Execute(int task, int worker) => Read(from + ((long)task * bytes), bytes);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Read(byte* from, int bytes)
        {
            Vector256<byte> a = default, b = default, c = default, d = default;
            for (byte* end = from + bytes; from < end; from += 128)
            {
                a |= Vector256.Load(from);
                b |= Vector256.Load(from + 32);
                c |= Vector256.Load(from + 64);
                d |= Vector256.Load(from + 96);
            }

            if ((a | b | c | d) == Vector256<byte>.Zero)
                throw new InvalidOperationException();
        }
    }
}
