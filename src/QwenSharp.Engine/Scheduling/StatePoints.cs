using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// Where the recurrent states of a prompt are worth their bytes: at the first and the last turn, at turns that are far enough apart, and
/// now and then in between.
/// </summary>
internal static class StatePoints
{
    // A state is worth so many tokens of computing.
    private const int Least = 64;
    private const int Apart = 512;

    /// <param name="turns">Positions at which other prompts are likely to part from this one, in any order.</param>
    /// <param name="length">The length of the prompt.</param>
    /// <returns>Positions in ascending order, all of them inside of the prompt.</returns>
    public static int[] Of(IReadOnlyList<int> turns, int length)
    {
        List<int> points = [];
        int last = 0;
        int[] inside = [.. turns.Where(turn => turn >= Least && turn < length).Distinct().Order()];
        for (int i = 0; i < inside.Length; i++)
        {
            Fill(inside[i]);
            if (i == 0 || i == inside.Length - 1 || inside[i] - last >= Apart)
                points.Add(last = inside[i]);
        }

        Fill(length);

        // Whoever sends a prompt without turns may send it again.
        if (inside.Length == 0 && length > Apart / 2)
            points.Add(length - 1);

        return [.. points];

        void Fill(int end)
        {
            while (end - last >= 2 * Apart)
            {
                last += Apart - (last % KvStore.BlockTokens);
                points.Add(last);
            }
        }
    }
}
