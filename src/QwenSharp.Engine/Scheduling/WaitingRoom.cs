namespace QwenSharp.Engine;

/// <summary>
/// The sequences that wait. The classes of priority take turns in shares (<see cref="ClassTurns"/>), and within a class its owners do
/// (<see cref="WaitingClass"/>).
/// </summary>
internal sealed class WaitingRoom
{
    private readonly WaitingClass[] _classes = [.. Enumerable.Range(0, ClassTurns.Classes).Select(_ => new WaitingClass())];
    private readonly ClassTurns _turns = new();

    /// <summary>How many sequences wait.</summary>
    public int Count { get; private set; }

    /// <summary>Some sequence that waits, if there is one.</summary>
    public Sequence? First => _classes[0].First ?? _classes[1].First ?? _classes[2].First;

    /// <summary>A cancelled sequence that waits, if there is one.</summary>
    public Sequence? FirstCancelled() =>
        _classes[0].FirstCancelled() ?? _classes[1].FirstCancelled() ?? _classes[2].FirstCancelled();

    /// <inheritdoc cref="WaitingClass.Add"/>
    public void Add(Sequence sequence)
    {
        ClassOf(sequence).Add(sequence);
        Count++;
    }

    /// <summary>Whose turn it is, if anybody's.</summary>
    public Sequence? Next()
    {
        int asking = 0;
        for (int rank = 0; rank < ClassTurns.Classes; rank++)
            asking |= _classes[rank].Next() is null ? 0 : 1 << rank;

        return asking == 0 ? null : _classes[_turns.Of(asking)].Next();
    }

    /// <summary>Takes out a sequence that runs from now on.</summary>
    public void Begin(Sequence sequence)
    {
        ClassOf(sequence).Begin(sequence);
        Count--;
        _turns.Take(sequence.Rank, 1);
    }

    /// <summary>A sequence no longer runs.</summary>
    public void End(Sequence sequence) => ClassOf(sequence).End(sequence);

    /// <summary>Takes out a sequence that will not run.</summary>
    public void Remove(Sequence sequence)
    {
        if (ClassOf(sequence).Remove(sequence))
            Count--;
    }

    /// <summary>
    /// Where all places are taken: a sequence that need not wait for the end of another, and the class and owner that are to make room for
    /// it. A lower class makes room while it has more than its share, and one of its sequences stays; within a class, the owner with the
    /// most makes room for one with none.
    /// </summary>
    public (Sequence Newcomer, int Rank, object Owner)? WhoMakesRoom()
    {
        for (int rank = 0; rank < ClassTurns.Classes; rank++)
        {
            WaitingClass own = _classes[rank];
            if (own.Next() is not { } newcomer)
                continue;

            for (int lower = ClassTurns.Classes - 1; lower > rank; lower--)
            {
                bool hasMore = (own.Running + 1) * ClassTurns.ShareOf(lower) <= (_classes[lower].Running - 1) * ClassTurns.ShareOf(rank);
                if (hasMore && _classes[lower].Largest(atLeast: 1) is { } many)
                    return (newcomer, lower, many);
            }

            if (own.RunningOf(newcomer.Owner) == 0 && own.Largest(atLeast: 2) is { } most)
                return (newcomer, rank, most);
        }

        return null;
    }

    private WaitingClass ClassOf(Sequence sequence) => _classes[sequence.Rank];
}
