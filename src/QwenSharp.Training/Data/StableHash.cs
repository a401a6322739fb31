using System.Runtime.InteropServices;

namespace QwenSharp.Training;

/// <summary>
/// Hashes and random numbers that are the same on every platform and in every release: what is held out, and the order of the data, depend
/// on them.
/// </summary>
internal static class StableHash
{
    /// <summary>FNV-1a, and a last mix, as its upper bits are poor.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong hash = 0xCBF29CE484222325 ^ Mix(seed);
        foreach (byte value in bytes)
            hash = (hash ^ value) * 0x100000001B3;

        return Mix(hash);
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{byte}, ulong)"/>
    public static ulong Of(string text, ulong seed) => Of(MemoryMarshal.AsBytes(text.AsSpan()), seed);

    /// <summary>The numbers 0 to <paramref name="count"/> − 1 in a random order that the seed decides.</summary>
    public static int[] Permutation(int count, ulong seed)
    {
        int[] order = new int[count];
        ulong state = seed;
        for (int i = 0; i < count; i++)
        {
            // Fisher–Yates from the front. The state counts, as in Steele et al. 2014 (SplitMix64).
            state += 0x9E3779B97F4A7C15;
            int at = (int)Math.BigMul(Mix(state), (ulong)i + 1, out _);
            order[i] = order[at];
            order[at] = i;
        }

        return order;
    }

    /// <summary>The finalizer of SplitMix64: every bit of the input moves every bit of the output.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
        value = (value ^ value >> 27) * 0x94D049BB133111EB;
        return value ^ value >> 31;
    }
}
