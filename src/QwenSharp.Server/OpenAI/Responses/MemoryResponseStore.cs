using System.Text.Json;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>
/// Keeps responses and conversations as long as the server lives, up to a number and a size; what was not asked for for the longest time
/// goes first.
/// </summary>
/// <param name="mostObjects">How many are kept at most.</param>
/// <param name="mostBytes">How many bytes of JSON all of them may have.</param>
internal sealed class MemoryResponseStore(int mostObjects = 10_000, long mostBytes = 128 << 20) : IResponseStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Id, byte[] Bytes)>> _kept = [];
    private readonly LinkedList<(string Id, byte[] Bytes)> _byUse = [];
    private readonly Dictionary<string, string> _holders = [];
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
            return Task.FromResult(_holders.TryGetValue(itemId, out string? holder) ? Find(holder)?.Find(itemId) : null);
    }

    /// <inheritdoc/>
    public Task AddAsync(StoredObject stored, CancellationToken cancellationToken)
    {
        lock (_lock)
            Put(stored);

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
            Remove(id);
            Put(after);
            return Task.FromResult<StoredObject?>(after);
        }
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(Remove(id));
    }

    private StoredObject? Find(string id)
    {
        if (!_kept.TryGetValue(id, out LinkedListNode<(string Id, byte[] Bytes)>? node))
            return null;

        _byUse.Remove(node);
        _byUse.AddLast(node);
        return StoredObject.Of(node.Value.Bytes);
    }

    private void Put(StoredObject stored)
    {
        byte[] bytes = stored.ToBytes();
        _kept[stored.Id] = _byUse.AddLast((stored.Id, bytes));
        _bytes += bytes.Length;
        foreach (string item in stored.ItemIds)
            _holders[item] = stored.Id;

        while (_kept.Count > mostObjects || (_bytes > mostBytes && _kept.Count > 1))
            Remove(_byUse.First!.Value.Id);
    }

    private bool Remove(string id)
    {
        if (!_kept.Remove(id, out LinkedListNode<(string Id, byte[] Bytes)>? node))
            return false;

        _byUse.Remove(node);
        _bytes -= node.Value.Bytes.Length;
        foreach (string item in StoredObject.Of(node.Value.Bytes).ItemIds)
        {
            if (_holders.GetValueOrDefault(item) == id)
                _holders.Remove(item);
        }

        return true;
    }
}
