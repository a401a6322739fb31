using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// What is kept at one moment, to be copied record by record while sequences go on: what is forgotten before its turn comes is left out,
/// with all that stands on it. What is kept is never written to, so what is still there is what it was.
/// </summary>
internal sealed class PrefixSnapshot
{
    private readonly MemoryPool _pool;
    private readonly PrefixCache _prefixes;
    private readonly Queue<(PrefixNode Root, string Name)> _roots = [];
    private readonly Queue<PrefixNode> _nodes;
    private readonly Queue<KeptState> _states;

    // The numbers of the records.
    private readonly Dictionary<PrefixNode, int> _numbers = [];
    private int _next;

    /// <summary>Lists what there is; nothing is copied yet.</summary>
    /// <param name="pool">Whose.</param>
    /// <param name="file">Names the adapters; those of others are left out.</param>
    public PrefixSnapshot(MemoryPool pool, PrefixFile file)
    {
        (_pool, _prefixes) = (pool, pool.Prefixes!);
        Changes = _prefixes.Changes;
        foreach ((object? adapter, PrefixNode root) in _prefixes.Roots)
        {
            if ((adapter is null ? "" : file.Adapters.FirstOrDefault(known => known.Value == adapter).Key) is { } name)
                _roots.Enqueue((root, name));
        }

        _nodes = new Queue<PrefixNode>(_prefixes.NodesNewestFirst());
        _states = new Queue<KeptState>(_prefixes.StatesNewestFirst);
    }

    /// <summary>The count of changes at that moment.</summary>
    public long Changes { get; }

    /// <summary>Whether nothing was kept.</summary>
    public bool IsEmpty => _nodes.Count == 0;

    /// <summary>Copies the next record that is still there; false where there is none.</summary>
    public bool TryNext(out PrefixRecord record)
    {
        if (_roots.TryDequeue(out var root))
        {
            record = Number(root.Root, Rent(PrefixRecordKind.Root, -1, 0, Encoding.UTF8.GetByteCount(root.Name)));
            Encoding.UTF8.GetBytes(root.Name, record.Payload);
            return true;
        }

        while (_nodes.TryDequeue(out PrefixNode? node))
        {
            if (_prefixes.Has(node) && _numbers.TryGetValue(node.Parent!, out int parent))
            {
                record = Number(node, Copy(node, parent));
                return true;
            }
        }

        while (_states.TryDequeue(out KeptState? state))
        {
            // Once forgotten, it is in no block.
            if (state.Node is { } node && node.States.Contains(state) && _numbers.TryGetValue(node, out int number))
            {
                record = Copy(state, number);
                _next++;
                return true;
            }
        }

        record = default;
        return false;
    }

    private static PrefixRecord Rent(PrefixRecordKind kind, int parent, int count, int length) =>
        new(new PrefixRecordHead(kind, parent, count, length), ArrayPool<byte>.Shared.Rent(length));

    private PrefixRecord Number(PrefixNode node, PrefixRecord record)
    {
        _numbers.Add(node, _next++);
        return record;
    }

    private PrefixRecord Copy(PrefixNode node, int parent)
    {
        KvStore cache = _pool.Runner.Cache;
        int tokens = node.Tokens.Length * sizeof(int);
        PrefixRecord record = Rent(PrefixRecordKind.Block, parent, node.Tokens.Length, tokens + cache.StoredBytes);
        MemoryMarshal.AsBytes(node.Tokens).CopyTo(record.Payload);
        cache.Read(node.Block, record.Payload.AsSpan(tokens, cache.StoredBytes));
        return record;
    }

    private PrefixRecord Copy(KeptState state, int node)
    {
        RecurrentStore states = _pool.Runner.States!;
        int length = (int)states.SlotBytes;
        PrefixRecord record = Rent(PrefixRecordKind.State, node, state.Position, length);
        states.Read(state.Slot, MemoryMarshal.Cast<byte, float>(record.Payload.AsSpan(0, length)));
        return record;
    }
}
