using System.Diagnostics;
using QwenSharp.Numerics;

namespace QwenSharp.Vector.Bench;

/// <summary>What a job of the worker pool costs by itself.</summary>
internal static class PoolSection
{
    public static void Run()
    {
        foreach (int threads in new[] { 2, 4 })
        {
            using WorkerPool pool = new(threads);
            EmptyJob job = default;
            const int Jobs = 20_000;
            double hot = Measure.Best(() =>
            {
                for (int i = 0; i < Jobs; i++)
                    pool.Run(ref job, threads);
            }) / Jobs;

            List<double> parked = [], caller = [];
            for (int i = 0; i < 200; i++)
            {
                Thread.Sleep(2);
                SpinJob meet = new(threads == 2 ? new int[1] : null);
                long begin = Stopwatch.GetTimestamp();
                pool.Run(ref meet, 2);
                parked.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);

                Thread.Sleep(2);
                begin = Stopwatch.GetTimestamp();
                pool.Run(ref job, threads);
                caller.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
            }

            parked.Sort();
            caller.Sort();
            Console.WriteLine(
                $"pool, {threads} threads: job {hot * 1e6:f2} µs hot; parked: caller busy {caller[100]:f1} µs, until a worker joins {parked[100]:f1} µs (median), {parked[190]:f1} µs (95%)");
        }

        using WorkerPool idle = new(2);
        EmptyJob last = default;
        idle.Run(ref last, 2);
        Thread.Sleep(100);
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        Thread.Sleep(1000);
        Console.WriteLine($"pool, idle: {(Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds:f1} ms of processor time a second");
    }

    private readonly struct EmptyJob : IParallelJob
    {
        public void Execute(int task, int worker)
        {
        }
    }

    /// <summary>Two tasks that end only when two threads are there.</summary>
    private readonly struct SpinJob(int[]? here) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            if (here is null)
                return;

            Interlocked.Increment(ref here[0]);
            while (Volatile.Read(ref here[0]) < 2)
                Thread.SpinWait(1);
        }
    }
}
