using QwenSharp.Server.Callers;
using QwenSharp.Server.State;

namespace QwenSharp.Server;

/// <summary>What a server keeps, and what it does with it.</summary>
internal sealed class ServerState : IAsyncDisposable
{
    private readonly UsageLedger _usage;

    private ServerState(StateDatabase database, ILoggerFactory logs)
    {
        ApiKeyStore keys = new(database);
        Database = database;
        _usage = new UsageLedger(keys, TimeProvider.System, logs.CreateLogger<UsageLedger>());
        Keys = new KeyRing(keys, _usage, TimeProvider.System);
    }

    /// <summary>The database.</summary>
    public StateDatabase Database { get; }

    /// <summary>The keys of clients.</summary>
    public KeyRing Keys { get; }

    /// <summary>The state at a place; see <see cref="ServerOptions.State"/>.</summary>
    public static ServerState At(string place, ILoggerFactory logs) => new(StateDatabase.At(place), logs);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _usage.DisposeAsync().ConfigureAwait(false);
        await Database.DisposeAsync().ConfigureAwait(false);
    }
}
