namespace QwenSharp.Engine;

/// <summary>
/// Notices that an answer goes round in circles: its last tokens are one piece, of at most <see cref="LongestPiece"/> tokens, again and
/// again.
/// </summary>
internal sealed class RepetitionWatch
{
    /// <summary>Tokens of a piece at most.</summary>
    public const int LongestPiece = 64;

    // So many that no list, table or drawing that somebody may want comes to it by chance.
    private const int LeastTokens = 384;
    private const int LeastTimes = 16;

    private readonly int[] _runs = new int[LongestPiece + 1];

    /// <summary>Takes the last token of an answer.</summary>
    /// <param name="answer">All of its tokens.</param>
    /// <returns>Whether it goes round in circles.</returns>
    public bool Observe(ReadOnlySpan<int> answer)
    {
        int token = answer[^1];
        bool circles = false;
        for (int piece = 1; piece <= Math.Min(LongestPiece, answer.Length - 1); piece++)
        {
            int run = answer[^(piece + 1)] == token ? _runs[piece] + 1 : 0;
            _runs[piece] = run;
            circles |= run + piece >= Math.Max(LeastTokens, LeastTimes * piece);
        }

        return circles;
    }
}
