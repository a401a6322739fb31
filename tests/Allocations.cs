namespace QwenSharp.Tests;

/// <summary>What code allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// The fewest bytes that a step allocates on this thread, over some rounds, up to the first that allocates nothing: the runtime may
    /// allocate while it recompiles a method, which takes long on an emulated processor, and an allocation of the step's own is there in
    /// every round.
    /// </summary>
    public static long Least(Action step, int rounds = 40)
    {
        long least = long.MaxValue;
        for (int round = 0; round < rounds && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            step();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
