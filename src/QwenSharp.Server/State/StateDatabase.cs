using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.State;

/// <summary>
/// What a server keeps beyond its life: one SQLite file in a folder, or a PostgreSQL database. Nothing is on disk before something is
/// written; until then every query finds nothing. Statements are interpolated strings whose values travel as parameters:
/// <code>await state.ExecuteAsync($"DELETE FROM files WHERE id = {id}", cancellationToken);</code>
/// Values are <see cref="long"/>, <see cref="double"/>, <see cref="string"/> without U+0000, bytes or null.
/// </summary>
internal sealed class StateDatabase : IAsyncDisposable
{
    /// <summary>The name of SQLite's file in its folder.</summary>
    public const string FileName = "state.db";

    private readonly DbDataSource _source;
    private readonly string? _file;
    private readonly IReadOnlyList<Migration> _migrations;

    // SQLite has one writer at a time; who waits here waits in order, and without blocking a thread.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _preparing = new(1);
    private volatile bool _ready;

    private StateDatabase(DbDataSource source, string? file, IReadOnlyList<Migration> migrations) =>
        (_source, _file, _migrations) = (source, file, migrations);

    /// <summary>The state at a place. Opens and makes nothing yet.</summary>
    /// <param name="place">A folder, or the address of a PostgreSQL database: <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE</c>.</param>
    /// <param name="migrations">The steps of its schema; null for those of the product.</param>
    /// <exception cref="ArgumentException">It begins as such an address does, and is none.</exception>
    public static StateDatabase At(string place, IReadOnlyList<Migration>? migrations = null)
    {
        migrations ??= StateSchema.All;
        if (PostgresAddress.IsOne(place))
        {
            // The slim builder needs no code made at run time.
            NpgsqlSlimDataSourceBuilder builder = new(PostgresAddress.ToConnectionString(place));
            builder.EnableTransportSecurity();
            return new StateDatabase(builder.Build(), file: null, migrations);
        }

        string file = Path.Combine(Path.GetFullPath(place), FileName);
        SqliteConnectionStringBuilder connection = new() { DataSource = file, DefaultTimeout = 30 };
        return new StateDatabase(SqliteFactory.Instance.CreateDataSource(connection.ConnectionString), file, migrations);
    }

    /// <summary>Makes sure that what is there can be read, or that there is a place for it.</summary>
    /// <exception cref="IOException">It cannot, or the place is a file.</exception>
    /// <exception cref="InvalidDataException">A newer program has written the state.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (_file is not null)
            RequireFolder(_file);
        if (_file is not null && !File.Exists(_file))
            return;

        try
        {
            await PrepareAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (DbException fault)
        {
            throw new IOException($"The state{(_file is null ? "" : $" in '{_file}'")} cannot be opened: {fault.Message}", fault);
        }
    }

    /// <summary>What a query finds.</summary>
    /// <param name="query">A statement that gives rows.</param>
    /// <param name="read">Reads the row that the reader is at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DbException">The database refuses, or cannot be reached.</exception>
    /// <exception cref="InvalidDataException">A newer program has written the state.</exception>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        FormattableString query, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        if (!_ready && _file is not null && !File.Exists(_file))
            return [];

        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        DbConnection connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            return await new StateStatements(connection).QueryAsync(query, read, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs one statement that writes, and gives how many rows it changed.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public Task<int> ExecuteAsync(FormattableString statement, CancellationToken cancellationToken) =>
        WriteAsync(statements => statements.ExecuteAsync(statement, cancellationToken), cancellationToken);

    /// <summary>Runs statements that are done together or not at all, and on disk once this returns.</summary>
    /// <param name="work">Runs them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DbException">The database refuses, or cannot be reached.</exception>
    /// <exception cref="InvalidDataException">A newer program has written the state.</exception>
    public async Task<T> WriteAsync<T>(Func<StateStatements, Task<T>> work, CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken).ConfigureAwait(false);
        return await TransactAsync(work, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync().ConfigureAwait(false);
        if (_file is not null)
        {
            // Pooled connections would keep the file open, and its log unwritten.
            using SqliteConnection connection = new(_source.ConnectionString);
            SqliteConnection.ClearPool(connection);
        }

        _turn.Dispose();
        _preparing.Dispose();
    }

    private async Task<T> TransactAsync<T>(Func<StateStatements, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_file is not null)
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);

        try
        {
            DbConnection connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    T result = await work(new StateStatements(connection, transaction)).ConfigureAwait(false);
                    await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                    return result;
                }
            }
        }
        finally
        {
            if (_file is not null)
                _turn.Release();
        }
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_ready)
            return;

        await _preparing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_ready)
                return;

            if (_file is not null)
                await CreateFileAsync(_file, cancellationToken).ConfigureAwait(false);

            await TransactAsync(statements => MigrateAsync(statements, cancellationToken), cancellationToken).ConfigureAwait(false);
            _ready = true;
        }
        finally
        {
            _preparing.Release();
        }
    }

    private async Task CreateFileAsync(string file, CancellationToken cancellationToken)
    {
        string folder = Path.GetDirectoryName(file)!;
        RequireFolder(file);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // Whoever else may look into the folder may not into the file. An empty one is a database without tables.
        FileStreamOptions own = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            own.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        await File.Open(file, own).DisposeAsync().ConfigureAwait(false);
        DbConnection connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
            await new StateStatements(connection).ExecuteAsync($"PRAGMA journal_mode = WAL", cancellationToken).ConfigureAwait(false);
    }

    private static void RequireFolder(string file)
    {
        if (Path.GetDirectoryName(file) is { } folder && File.Exists(folder))
            throw new IOException($"The place of the state, '{folder}', is a file; it must be a folder.");
    }

    private async Task<bool> MigrateAsync(StateStatements statements, CancellationToken cancellationToken)
    {
        // Two servers that start on one database take their steps one after the other; SQLite's transaction sees to that by itself.
        if (_file is null)
            await statements.ExecuteAsync($"SELECT pg_advisory_xact_lock(7295630)", cancellationToken).ConfigureAwait(false);

        await statements
            .ExecuteAsync($"CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, taken BIGINT NOT NULL)", cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<string> taken = await statements
            .QueryAsync($"SELECT name FROM migrations", row => row.GetString(0), cancellationToken)
            .ConfigureAwait(false);
        if (taken.FirstOrDefault(name => _migrations.All(known => known.Name != name)) is { } unknown)
        {
            throw new InvalidDataException(
                $"A newer program has written the state{(_file is null ? "" : $" in '{_file}'")}: this one does not know its part "
                    + $"'{Excerpt.Of(unknown)}'. Use the newer program, or another place for the state.");
        }

        foreach (Migration migration in _migrations.Where(step => !taken.Contains(step.Name)))
        {
            await statements.ExecuteAsync(migration, cancellationToken).ConfigureAwait(false);
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            await statements
                .ExecuteAsync($"INSERT INTO migrations (name, taken) VALUES ({migration.Name}, {now})", cancellationToken)
                .ConfigureAwait(false);
        }

        return true;
    }
}
