namespace QwenSharp.Tests;

/// <summary>What code allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// The fewest bytes that a step allocates on this thread, over some rounds: the runtime may allocate while it recompiles a method, and
    /// an allocation of the step's own is there
    /// in every round.
    /// </summary>
    public static long Least(Action step, int rounds = 6)
    {
        long least = long.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
