using System.Collections.Concurrent;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>The keys of a server as they were a second ago at most.</summary>
internal sealed class KeyRing(ApiKeyStore store, UsageLedger usage, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, KeyBudget> _budgets = [];
    private readonly SemaphoreSlim _reading = new(1);
    private volatile Reading? _last;

    /// <summary>Whether there is any key, a revoked or expired one too.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>The holder of a key; null where there is no such key, or it has another secret.</summary>
    public async Task<Caller?> FindAsync(string text, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, HashedKey> keys = await ReadAsync(cancellationToken).ConfigureAwait(false);
        return ApiKeyStore.Split(text) is ({ } id, { } secret) && keys.TryGetValue(id, out HashedKey? key) && key.Fits(secret)
            ? Holder(key.Key)
            : null;
    }

    /// <summary>The holder of a key that is known by its id; null where there is no such key.</summary>
    public async Task<Caller?> HolderAsync(string id, CancellationToken cancellationToken) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).TryGetValue(id, out HashedKey? key) ? Holder(key.Key) : null;

    private Caller Holder(ApiKey key) => new(key, _budgets.GetOrAdd(key.Id, _ => new KeyBudget(time)), usage);

    private async Task<IReadOnlyDictionary<string, HashedKey>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < Fresh)
            return last.Keys;

        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_last is { } other && time.GetElapsedTime(other.At) < Fresh)
                return other.Keys;

            long now = time.GetTimestamp();
            IReadOnlyList<HashedKey> keys = await store.ReadAsync(cancellationToken).ConfigureAwait(false);
            _last = new Reading(now, keys.ToDictionary(key => key.Key.Id));
            return _last.Keys;
        }
        finally
        {
            _reading.Release();
        }
    }

    private sealed record Reading(long At, IReadOnlyDictionary<string, HashedKey> Keys);
}
