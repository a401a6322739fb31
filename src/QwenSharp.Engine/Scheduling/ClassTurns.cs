namespace QwenSharp.Engine;

/// <summary>
/// The turns of the classes of priority, in shares: while all ask, high has four for two of normal and one of low, and so none starves. A
/// class that did not ask has no claim to what others had meanwhile; at equal claims the higher goes first.
/// </summary>
internal sealed class ClassTurns
{
    /// <summary>How many classes there are, the highest being 0.</summary>
    public const int Classes = 3;

    // Start-time fair queueing: what a class has had, stretched by how small its share is, is when it may have more.
    private readonly long[] _next = new long[Classes];
    private long _now;

    /// <summary>The share of a class.</summary>
    public static int ShareOf(int rank) => 4 >> rank;

    /// <summary>The class of a priority: below 0 high, 0 normal, above 0 low.</summary>
    public static int RankOf(int priority) => Math.Sign(priority) + 1;

    /// <summary>Whose turn it is; -1 where none asks.</summary>
    /// <param name="asking">A bit for each class that asks.</param>
    public int Of(int asking)
    {
        int first = -1;
        for (int rank = 0; rank < Classes; rank++)
        {
            if ((asking >> rank & 1) != 0 && (first < 0 || Start(rank) < Start(first)))
                first = rank;
        }

        return first;
    }

    /// <summary>A class has had something.</summary>
    /// <param name="rank">The class.</param>
    /// <param name="amount">How much, in whatever the turns are about.</param>
    public void Take(int rank, int amount)
    {
        long start = Start(rank);
        _now = Math.Max(_now, start);
        _next[rank] = start + ((long)amount << rank);
    }

    private long Start(int rank) => Math.Max(_next[rank], _now);
}
