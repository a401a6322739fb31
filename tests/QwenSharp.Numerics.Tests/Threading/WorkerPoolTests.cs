using System.Diagnostics;
using QwenSharp.Tests;

namespace QwenSharp.Numerics.Tests;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    public void Every_task_is_done_exactly_once_by_a_worker_of_the_pool(int threads)
    {
        using WorkerPool pool = new(threads);
        Assert.Equal(threads, pool.Threads);
        Random random = new(threads);
        for (int round = 0; round < 2000; round++)
        {
            int[] done = new int[random.Next(0, 50)];
            CountJob job = new(done, threads);
            pool.Run(ref job, done.Length);
            Assert.All(done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_hundred_thousand_tiny_jobs_lose_nothing()
    {
        using WorkerPool pool = new(4);
        long[] sum = new long[1];
        long expected = 0;
        for (int round = 0; round < 100_000; round++)
        {
            int tasks = (round % 7) + 1;
            SumJob job = new(sum, round);
            pool.Run(ref job, tasks);
            expected += (long)round * tasks;

            // Read after the job, without a lock: all workers' writes must be visible here.
            Assert.Equal(expected, sum[0]);
        }
    }

    [Fact]
    public void Sleepers_wake_for_a_job_that_needs_them()
    {
        // Each task waits for all others, so the job ends only if every thread comes, from whatever state it is in.
        using WorkerPool pool = new(6);
        for (int round = 0; round < 60; round++)
        {
            Idle(microseconds: round * 20);
            int[] here = new int[1];
            MeetJob job = new(here, 6);
            pool.Run(ref job, 6);
            Assert.Equal(6, here[0]);
        }
    }

    [Fact]
    public void Several_pools_work_side_by_side()
    {
        long[] sums = new long[5];
        Thread[] callers = [.. Enumerable.Range(0, 5).Select(i => new Thread(() =>
        {
            using WorkerPool pool = new(3);
            long[] sum = new long[1];
            for (int round = 0; round < 5000; round++)
            {
                SumJob job = new(sum, 1);
                pool.Run(ref job, 5);
            }

            sums[i] = sum[0];
        }))];
        foreach (Thread caller in callers)
            caller.Start();

        foreach (Thread caller in callers)
            caller.Join();

        Assert.All(sums, sum => Assert.Equal(25_000, sum));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_task_that_throws_ends_the_job_and_not_the_pool(int threads)
    {
        using WorkerPool pool = new(threads);
        for (int round = 0; round < 500; round++)
        {
            int[] done = new int[64];
            ThrowJob job = new(done, round % 64);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            {
                ThrowJob copy = job;
                pool.Run(ref copy, 64);
            });
            Assert.Equal($"task {round % 64}", error.Message);
            Assert.All(done, count => Assert.InRange(count, 0, 1));

            CountJob after = new(done = new int[20], threads);
            pool.Run(ref after, done.Length);
            Assert.All(done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_job_inside_a_job_is_refused_and_the_pool_goes_on()
    {
        using WorkerPool pool = new(2);
        NestedJob job = new(pool);
        Assert.Throws<InvalidOperationException>(() =>
        {
            NestedJob copy = job;
            pool.Run(ref copy, 8);
        });

        int[] done = new int[9];
        CountJob after = new(done, 2);
        pool.Run(ref after, 9);
        Assert.All(done, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_disposed_pool_refuses_jobs_and_disposing_twice_is_harmless()
    {
        for (int round = 0; round < 200; round++)
        {
            WorkerPool pool = new(3);
            if (round % 2 == 0)
            {
                CountJob job = new(new int[5], 3);
                pool.Run(ref job, 5);
            }

            Idle(microseconds: round * 3);
            pool.Dispose();
            pool.Dispose();
            Assert.Throws<ObjectDisposedException>(() =>
            {
                CountJob job = new(new int[5], 3);
                pool.Run(ref job, 5);
            });
        }
    }

    [Fact]
    public void A_job_allocates_nothing()
    {
        using WorkerPool pool = new(2);
        SumJob job = new(new long[1], 1);

        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int round = 0; round < 20; round++)
                pool.Run(ref job, 8);
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_pool_has_at_least_one_thread(int threads) => Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(threads));

    /// <summary>Passes time without a system call, through all states that waiting workers go through.</summary>
    private static void Idle(int microseconds)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalMicroseconds < microseconds)
            Thread.SpinWait(1);
    }

    private readonly struct CountJob(int[] done, int threads) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            Assert.InRange(worker, 0, threads - 1);
            Interlocked.Increment(ref done[task]);
        }
    }

    private readonly struct SumJob(long[] sum, long value) : IParallelJob
    {
        public void Execute(int task, int worker) => Interlocked.Add(ref sum[0], value);
    }

    private readonly struct MeetJob(int[] here, int all) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            Interlocked.Increment(ref here[0]);
            SpinWait wait = default;
            while (Volatile.Read(ref here[0]) < all)
                wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    private readonly struct ThrowJob(int[] done, int bad) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            if (task == bad)
                throw new InvalidDataException($"task {task}");

            Interlocked.Increment(ref done[task]);
        }
    }

    private readonly struct NestedJob(WorkerPool pool) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            NestedJob inner = this;
            pool.Run(ref inner, 2);
        }
    }
}
