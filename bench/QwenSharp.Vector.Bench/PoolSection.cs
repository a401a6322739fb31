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
            double alone = Measure.Best(() =>
            {
                for (int i = 0; i < 1000; i++)
                    pool.Run(ref job, threads);
            }) / 1000;

            // Two threads must meet in each job; the jobs follow one another, so the workers are awake.
            int[] here = new int[1];
            double together = Measure.Best(() =>
            {
                here[0] = 0;
                MeetJob meet = new(here);
                pool.Run(ref meet, 2);
            });

            List<double> parked = [], caller = [];
            for (int i = 0; i < 200; i++)
            {
                Thread.Sleep(2);
                here[0] = 0;
                MeetJob meet = new(here);
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
                $"pool, {threads} threads: an empty job {alone * 1e6:f2} µs; until two threads have met in a job {together * 1e6:f2} µs "
                    + "when awake (best)"
            );
            Console.WriteLine(
                $"  parked: empty job {caller[20]:f1} µs, until a worker has come {parked[20]:f1} µs (10%), {parked[100]:f1} µs (median)");
        }

        using WorkerPool idle = new(2);
        EmptyJob last = default;
        idle.Run(ref last, 2);
        Thread.Sleep(100);
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        Thread.Sleep(1000);
        Console.WriteLine(
            $"pool, idle: {(Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds:f1} ms of processor time a second");
    }

    private readonly struct EmptyJob : IParallelJob
    {
        public void Execute(int task, int worker)
        {
        }
    }

    /// <summary>Two tasks that end only when two threads are there.</summary>
    private readonly struct MeetJob(int[] here) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            Interlocked.Increment(ref here[0]);
            while (Volatile.Read(ref here[0]) < 2)
                Thread.SpinWait(1);
        }
    }
}
