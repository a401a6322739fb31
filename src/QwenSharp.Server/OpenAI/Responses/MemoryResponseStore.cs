using System.Text.Json;
using QwenSharp.Server.Callers;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>
/// Keeps responses and conversations as long as the server lives, up to a number and a size; what was not asked for for the longest time
/// goes first.
/// </summary>
/// <param name="callers">Who asks.</param>
/// <param name="mostObjects">How many are kept at most.</param>
/// <param name="mostBytes">How many bytes of JSON all of them may have.</param>
internal sealed class MemoryResponseStore(CallerContext callers, int mostObjects = 10_000, long mostBytes = 128 << 20) : IResponseStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Kept>> _kept = [];
    private readonly LinkedList<Kept> _byUse = [];

    // By the name of an item: clients name some, and so several may have the same.
    private readonly Dictionary<string, HashSet<string>> _holders = [];
    private long _bytes;

    /// <inheritdoc/>
    public Task<StoredObject?> FindAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Find(id));
    }

    /// <inheritdoc/>
    public Task<JsonElement?> FindItemAsync(string itemId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_holders.TryGetValue(itemId, out HashSet<string>? holders)
                ? holders.Select(Find).FirstOrDefault(stored => stored is not null)?.Find(itemId)
                : null);
        }
    }

    /// <inheritdoc/>
    public Task AddAsync(StoredObject stored, CancellationToken cancellationToken)
    {
        lock (_lock)
            Put(stored, callers.Owner);

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<StoredObject?> ChangeAsync(string id, Func<StoredObject, StoredObject> change, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Find(id) is not { } before)
                return Task.FromResult<StoredObject?>(null);

            StoredObject after = change(before);
            string owner = _kept[id].Value.Owner;
            Remove(id);
            Put(after, owner);
            return Task.FromResult<StoredObject?>(after);
        }
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_kept.TryGetValue(id, out LinkedListNode<Kept>? node) && IsSeen(node.Value) && Remove(id));
    }

    private bool IsSeen(Kept kept) => callers.Seen is not { } owner || kept.Owner == owner;

    private StoredObject? Find(string id)
    {
        if (!_kept.TryGetValue(id, out LinkedListNode<Kept>? node) || !IsSeen(node.Value))
            return null;

        _byUse.Remove(node);
        _byUse.AddLast(node);
        return StoredObject.Of(node.Value.Bytes);
    }

    private void Put(StoredObject stored, string owner)
    {
        byte[] bytes = stored.ToBytes();
        _kept[stored.Id] = _byUse.AddLast(new Kept(stored.Id, owner, bytes));
        _bytes += bytes.Length;
        foreach (string item in stored.ItemIds)
        {
            if (!_holders.TryGetValue(item, out HashSet<string>? holders))
                _holders.Add(item, holders = []);

            holders.Add(stored.Id);
        }

        while (_kept.Count > mostObjects || (_bytes > mostBytes && _kept.Count > 1))
            Remove(_byUse.First!.Value.Id);
    }

    private bool Remove(string id)
    {
        if (!_kept.Remove(id, out LinkedListNode<Kept>? node))
            return false;

        _byUse.Remove(node);
        _bytes -= node.Value.Bytes.Length;
        foreach (string item in StoredObject.Of(node.Value.Bytes).ItemIds)
        {
            if (_holders.TryGetValue(item, out HashSet<string>? holders) && holders.Remove(id) && holders.Count == 0)
                _holders.Remove(item);
        }

        return true;
    }

    private sealed record Kept(string Id, string Owner, byte[] Bytes);
}
