namespace QwenSharp.Engine;

/// <summary>
/// The sequences that wait, by whom they are for. Those of one owner wait behind each other; among owners it is the turn of the one with
/// the fewest sequences running, and among these of the one that was served longest ago.
/// </summary>
internal sealed class WaitingRoom
{
    private readonly Dictionary<object, Owner> _owners = [];
    private readonly LinkedList<Owner> _turns = [];

    /// <summary>Who has sequences here or running, the one that was served longest ago first.</summary>
    private sealed class Owner(object key)
    {
        public object Key => key;

        public LinkedList<Sequence> Waiting { get; } = [];

        public int Running { get; set; }
    }

    /// <summary>How many sequences wait.</summary>
    public int Count { get; private set; }

    /// <summary>Some sequence that waits, if there is one.</summary>
    public Sequence? First
    {
        get
        {
            foreach (Owner owner in _turns)
            {
                if (owner.Waiting.First is { } first)
                    return first.Value;
            }

            return null;
        }
    }

    /// <summary>A cancelled sequence that waits, if there is one.</summary>
    public Sequence? FirstCancelled()
    {
        foreach (Owner owner in _turns)
        {
            foreach (Sequence sequence in owner.Waiting)
            {
                if (sequence.IsCancelled)
                    return sequence;
            }
        }

        return null;
    }

    /// <summary>Queues a sequence: a newcomer, or one that has to begin again and is older than others of its owner.</summary>
    public void Add(Sequence sequence)
    {
        LinkedList<Sequence> waiting = OwnerOf(sequence).Waiting;
        LinkedListNode<Sequence>? before = waiting.Last;
        while (before is not null && before.Value.Number > sequence.Number)
            before = before.Previous;

        if (before is null)
            waiting.AddFirst(sequence);
        else
            waiting.AddAfter(before, sequence);

        Count++;
    }

    /// <summary>Whose turn it is, if anybody's.</summary>
    public Sequence? Next()
    {
        Owner? next = null;
        foreach (Owner owner in _turns)
        {
            if (owner.Waiting.First is { } first && first.Value.CanBegin && (next is null || owner.Running < next.Running))
                next = owner;
        }

        return next?.Waiting.First!.Value;
    }

    /// <summary>Takes out a sequence that runs from now on.</summary>
    public void Begin(Sequence sequence)
    {
        Owner owner = _owners[sequence.Owner];
        owner.Waiting.Remove(sequence);
        Count--;
        owner.Running++;
        _turns.Remove(owner);
        _turns.AddLast(owner);
    }

    /// <summary>A sequence no longer runs.</summary>
    public void End(Sequence sequence)
    {
        Owner owner = _owners[sequence.Owner];
        owner.Running--;
        Forget(owner);
    }

    /// <summary>Takes out a sequence that will not run.</summary>
    public void Remove(Sequence sequence)
    {
        if (_owners.TryGetValue(sequence.Owner, out Owner? owner) && owner.Waiting.Remove(sequence))
        {
            Count--;
            Forget(owner);
        }
    }

    /// <summary>
    /// Where the owner of a waiting sequence has none running: the owner with the most, if these are several, which is to make room.
    /// </summary>
    public object? WhoMakesRoom(Sequence sequence)
    {
        if (_owners[sequence.Owner].Running > 0)
            return null;

        Owner? most = null;
        foreach (Owner owner in _turns)
        {
            if (owner.Running > (most?.Running ?? 1))
                most = owner;
        }

        return most?.Key;
    }

    private Owner OwnerOf(Sequence sequence)
    {
        if (!_owners.TryGetValue(sequence.Owner, out Owner? owner))
        {
            _owners.Add(sequence.Owner, owner = new Owner(sequence.Owner));
            _turns.AddLast(owner);
        }

        return owner;
    }

    private void Forget(Owner owner)
    {
        if (owner.Running > 0 || owner.Waiting.Count > 0)
            return;

        _owners.Remove(owner.Key);
        _turns.Remove(owner);
    }
}
