using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// What sequences leave behind: blocks of keys and values in a radix tree over token ids, a tree for each adapter, and recurrent states at
/// the positions where somebody thought that others may go on. A prompt that begins as an earlier one goes on from there, with the bits
/// that it would have computed itself. Nothing is reserved for it: a block is kept until it is needed, and one leaves the tree behind all
/// that stand on it, as a sequence gives its last block back first.
/// </summary>
internal sealed class PrefixCache(MemoryPool pool)
{
    private readonly Dictionary<object, PrefixNode> _adapters = [];
    private readonly PrefixNode _plain = Root();
    private readonly PrefixNode?[] _nodes = new PrefixNode?[pool.Blocks.Total];

    // Those in the tree, used longest ago first.
    private readonly LinkedList<KeptState> _states = [];

    /// <summary>Goes up whenever something is kept or forgotten.</summary>
    public long Changes { get; private set; }

    /// <summary>The states that are kept, the one first that was used last.</summary>
    public IEnumerable<KeptState> StatesNewestFirst
    {
        get
        {
            for (LinkedListNode<KeptState>? state = _states.Last; state is not null; state = state.Previous)
                yield return state.Value;
        }
    }

    /// <summary>Where the prompts of each adapter begin, and of the model as it is.</summary>
    public IEnumerable<(object? Adapter, PrefixNode Root)> Roots =>
        [(null, _plain), .. _adapters.Select(adapter => (adapter.Key, adapter.Value))];

    /// <summary>
    /// The blocks that are kept, those first that are in use, then the one that was given back last; each behind the one that it stands on.
    /// </summary>
    public List<PrefixNode> NodesNewestFirst()
    {
        List<PrefixNode> nodes = [];
        HashSet<PrefixNode> roots = [_plain, .. _adapters.Values], taken = [.. roots];
        Stack<PrefixNode> path = [];
        IEnumerable<int> held = Enumerable.Range(0, _nodes.Length).Where(block => pool.Blocks.IsHeld(block));
        foreach (PrefixNode node in held.Concat(pool.Blocks.NewestFirst()).Select(block => _nodes[block]).OfType<PrefixNode>())
        {
            for (PrefixNode? at = node; at is not null && !taken.Contains(at); at = at.Parent)
                path.Push(at);

            while (path.TryPop(out PrefixNode? next))
            {
                taken.Add(next);
                nodes.Add(next);
            }
        }

        return nodes;
    }

    /// <summary>Whether a block is still in the tree.</summary>
    public bool Has(PrefixNode node) => _nodes[node.Block] == node;

    /// <summary>Where the prompts of an adapter begin; null for those of the model as it is.</summary>
    public PrefixNode RootOf(object? adapter)
    {
        if (adapter is null)
            return _plain;
        if (!_adapters.TryGetValue(adapter, out PrefixNode? root))
            _adapters.Add(adapter, root = Root());

        return root;
    }

    /// <summary>Finds what is kept of tokens.</summary>
    /// <param name="from">The block behind which to look, or a root.</param>
    /// <param name="tokens">All tokens, those up to <paramref name="from"/> included.</param>
    /// <param name="limit">Positions that may be used at most.</param>
    /// <param name="match">Filled with what there is behind <paramref name="from"/>.</param>
    public void Find(PrefixNode from, ReadOnlySpan<int> tokens, int limit, PrefixMatch match)
    {
        match.Blocks.Clear();
        (match.Tail, match.Length, match.State) = (from, from.End, null);
        PrefixNode last = from;
        while (match.Length < limit && match.Length == last.End && (last.IsFull || last.Parent is null))
        {
            (PrefixNode? child, int common) = last.Nearest(tokens[match.Length..]);
            if (child is null)
                break;

            match.Blocks.Add(child.Block);
            match.Length = Math.Min(child.Start + common, limit);
            last = child;
        }

        match.Attended = match.Length;
        if (pool.Runner.States is not null)
            GoBackToState(last, from, match);

        match.Tail = last;
        while (match.Tail != from && (match.Tail.End > match.Length || !match.Tail.IsFull))
            match.Tail = match.Tail.Parent!;

        int blocks = MemoryPool.BlocksFor(match.Length) - (from.End / KvStore.BlockTokens);
        match.Blocks.RemoveRange(blocks, match.Blocks.Count - blocks);
    }

    /// <summary>Keeps a full block, unless one with these tokens is kept already.</summary>
    /// <returns>The one that is kept.</returns>
    public PrefixNode Keep(PrefixNode parent, ReadOnlySpan<int> tokens, int block)
    {
        (PrefixNode? child, int common) = parent.Nearest(tokens);
        if (child is not null && common == tokens.Length)
            return child;

        PrefixNode node = new(parent, tokens.ToArray(), block);
        parent.Add(node);
        _nodes[block] = node;
        pool.Blocks.Keep(block);
        Changes++;

        // What is in the new block too need not be kept twice.
        foreach (PrefixNode beginning in parent.BeginningsOf(node))
        {
            foreach (KeptState state in beginning.States)
                state.Node = node;

            node.States.AddRange(beginning.States);
            beginning.States.Clear();
            Drop(beginning.Block);
        }

        return node;
    }

    /// <summary>Forgets what a block holds.</summary>
    public void Drop(int block)
    {
        PrefixNode node = _nodes[block]!;
        foreach (KeptState state in node.States)
        {
            _states.Remove(state);
            pool.ReturnKeptSlot(state.Slot);
        }

        node.States.Clear();
        node.Parent!.Remove(node);
        _nodes[block] = null;
        pool.Blocks.Drop(block);
        Changes++;
    }

    /// <summary>Copies a sequence's recurrent state, to be kept; null where there is no slot for it.</summary>
    public KeptState? Copy(int slot, int position)
    {
        if (pool.Runner.States is not { } states || states.PositionOf(slot) != position || pool.TakeKeptSlot() is not { } kept)
            return null;

        states.Copy(slot, kept);
        return new KeptState(position, kept);
    }

    /// <summary>Keeps a state with the block that it stands in.</summary>
    public void Keep(PrefixNode node, KeptState state)
    {
        if (node.StateAt(state.Position) is not null)
        {
            pool.ReturnKeptSlot(state.Slot);
            return;
        }

        Add(node, state);
        _states.AddLast(state);
    }

    /// <summary>Keeps a state that was used longer ago than all that are kept.</summary>
    public void KeepAsOldest(PrefixNode node, KeptState state)
    {
        Add(node, state);
        _states.AddFirst(state);
    }

    /// <summary>A state was used: it is the last to go.</summary>
    public void Touch(KeptState state)
    {
        if (_states.Remove(state))
            _states.AddLast(state);
    }

    /// <summary>Forgets the state that was used longest ago; null where none is kept.</summary>
    public int? DropOldestState()
    {
        if (_states.First is not { Value: { } oldest })
            return null;

        _states.RemoveFirst();
        oldest.Node!.States.Remove(oldest);
        Changes++;
        return oldest.Slot;
    }

    private void Add(PrefixNode node, KeptState state)
    {
        state.Node = node;
        node.States.Add(state);
        Changes++;
    }

    private static PrefixNode Root() => new(null, [], -1);

    private static void GoBackToState(PrefixNode last, PrefixNode from, PrefixMatch match)
    {
        int limit = match.Length;
        (match.Length, match.State) = (from.End, null);
        for (PrefixNode node = last; node != from && match.State is null; node = node.Parent!)
        {
            foreach (KeptState state in node.States)
            {
                if (state.Position <= limit && state.Position > match.Length)
                    (match.Length, match.State) = (state.Position, state);
            }
        }
    }
}
