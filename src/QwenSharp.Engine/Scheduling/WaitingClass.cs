namespace QwenSharp.Engine;

/// <summary>
/// The sequences of one class of priority that wait, by whom they are for. Those of one owner wait behind each other; among owners it is
/// the turn of the one with the fewest sequences running, and among these of the one that was served longest ago.
/// </summary>
internal sealed class WaitingClass
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

    /// <summary>How many run.</summary>
    public int Running { get; private set; }

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

    /// <summary>
    /// Queues a sequence behind those of its owner that are asked for earlier, or came before it: one that has to begin again is older than
    /// others.
    /// </summary>
    public void Add(Sequence sequence)
    {
        LinkedList<Sequence> waiting = OwnerOf(sequence).Waiting;
        LinkedListNode<Sequence>? before = waiting.Last;
        while (before is not null && (before.Value.Priority, before.Value.Number).CompareTo((sequence.Priority, sequence.Number)) > 0)
            before = before.Previous;

        if (before is null)
            waiting.AddFirst(sequence);
        else
            waiting.AddAfter(before, sequence);
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
        owner.Running++;
        Running++;
        _turns.Remove(owner);
        _turns.AddLast(owner);
    }

    /// <summary>A sequence no longer runs.</summary>
    public void End(Sequence sequence)
    {
        Owner owner = _owners[sequence.Owner];
        owner.Running--;
        Running--;
        Forget(owner);
    }

    /// <summary>Takes out a sequence that will not run; false where it does not wait here.</summary>
    public bool Remove(Sequence sequence)
    {
        if (!_owners.TryGetValue(sequence.Owner, out Owner? owner) || !owner.Waiting.Remove(sequence))
            return false;

        Forget(owner);
        return true;
    }

    /// <summary>How many sequences of an owner run.</summary>
    public int RunningOf(object owner) => _owners.TryGetValue(owner, out Owner? found) ? found.Running : 0;

    /// <summary>The owner with the most sequences running, if any has at least so many.</summary>
    public object? Largest(int atLeast)
    {
        Owner? most = null;
        foreach (Owner owner in _turns)
        {
            if (owner.Running >= atLeast && owner.Running > (most?.Running ?? 0))
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
