namespace QwenSharp.Numerics.Tests;

/// <summary>Threads and memory that several share.</summary>
public class MachineResourcesTests
{
    [Fact]
    public void Those_who_wait_are_served_in_their_order_and_whoever_comes_back_stands_behind_them()
    {
        TurnQueue turns = new();
        List<int> served = [];
        turns.Take(new SemaphoreSlim(0));
        Thread[] others = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            SemaphoreSlim called = new(0);
            for (int round = 0; round < 3; round++)
            {
                turns.Take(called);
                served.Add(i);
                turns.Give();
            }
        }))];
        for (int i = 0; i < 4; i++)
        {
            others[i].Start();
            SpinWait.SpinUntil(() => turns.Waiting == i + 1);
        }

        turns.Give();
        foreach (Thread other in others)
            other.Join();

        // Each of the waiting has a turn before anybody has a second one.
        Assert.Equal([0, 1, 2, 3], served[..4]);
        Assert.Equal([.. Enumerable.Repeat(3, 4)], served.CountBy(i => i).Select(count => count.Value));
    }

    [Fact]
    public void Several_compute_in_turns_on_one_pool_each_with_as_many_threads_as_it_asked_for()
    {
        using MachineResources machine = new(threads: 5);
        int inside = 0;
        long[] sums = new long[5];
        Thread[] callers = [.. Enumerable.Range(1, 5).Select(threads => new Thread(() =>
        {
            using WorkerPool pool = machine.Workers(threads);
            for (int round = 0; round < 300; round++)
            {
                pool.TakeTurn();
                Assert.Equal(1, Interlocked.Increment(ref inside));
                for (int job = 0; job < 10; job++)
                {
                    CountJob count = new(sums, threads);
                    pool.Run(ref count, 13);
                }

                Interlocked.Decrement(ref inside);
                pool.EndTurn();
            }
        }))];
        foreach (Thread caller in callers)
            caller.Start();

        foreach (Thread caller in callers)
            caller.Join();

        Assert.Equal([.. Enumerable.Repeat(300L * 10 * 13, 5)], sums);
    }

    [Fact]
    public void A_job_of_few_wakes_those_few()
    {
        // Each task waits for all others, so the job ends only if just the threads come that it asked for.
        using MachineResources machine = new(threads: 6);
        using WorkerPool all = machine.Workers(0), few = machine.Workers(3);
        Assert.Equal((6, 3), (all.Threads, few.Threads));
        for (int round = 0; round < 100; round++)
        {
            WorkerPool pool = round % 3 == 0 ? all : few;
            int[] here = new int[1];
            MeetJob job = new(here, pool.Threads);
            pool.TakeTurn();
            pool.Run(ref job, pool.Threads);
            pool.EndTurn();
            Assert.Equal(pool.Threads, here[0]);
            if (round % 2 == 0)
                Thread.Sleep(1);
        }
    }

    [Fact]
    public void The_threads_end_with_the_last_holder()
    {
        MachineResources machine = new(threads: 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => machine.Workers(3));
        MachineResources other = machine.Share();
        using WorkerPool pool = other.Workers(2);
        machine.Dispose();
        machine.Dispose();
        Assert.Throws<ObjectDisposedException>(machine.Share);
        int[] here = new int[1];
        MeetJob job = new(here, 2);
        pool.Run(ref job, 2);
        other.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            MeetJob late = new(here, 2);
            pool.Run(ref late, 2);
        });
    }

    [Fact]
    public void Who_comes_later_gets_what_is_left_and_weights_count_once()
    {
        using MachineResources machine = new(threads: 1, memoryBytes: 1000);
        object model = new(), second = new();
        MemoryBudget memory = machine.Memory;
        Assert.Equal(700, memory.FreeBeside(model, 300));
        MemoryReservation first = memory.Reserve(model, 300, 200), beside = memory.Reserve(model, 300, 100);
        Assert.Equal((300, 400), (memory.Reserved, memory.FreeBeside(model, 300)));
        Assert.Equal(0, memory.FreeBeside(second, 500));

        // Mapped weights can be dropped by the system: they leave less to who asks what is free, and refuse nobody.
        MemoryBudgetException refused = Assert.Throws<MemoryBudgetException>(() => memory.Reserve(second, 500, 701));
        Assert.Equal((701, 700), (refused.Needed, refused.Free));
        memory.Reserve(second, 500, 700).Dispose();
        first.Dispose();
        first.Dispose();
        Assert.Equal((100, 600), (memory.Reserved, memory.FreeBeside(model, 300)));
        beside.Dispose();
        Assert.Equal((0, 1000), (memory.Reserved, memory.FreeBeside(second, 0)));
    }

    private readonly struct CountJob(long[] sums, int threads) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            Assert.InRange(worker, 0, threads - 1);
            Interlocked.Increment(ref sums[threads - 1]);
        }
    }

    private readonly struct MeetJob(int[] here, int all) : IParallelJob
    {
        public void Execute(int task, int worker)
        {
            Assert.InRange(worker, 0, all - 1);
            Interlocked.Increment(ref here[0]);
            SpinWait wait = default;
            while (Volatile.Read(ref here[0]) < all)
                wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}
