using System.Data.Common;
using System.Runtime.CompilerServices;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Batches;

/// <summary>A file that a client uploaded, or that a batch made for it.</summary>
/// <param name="Id">Its name, <c>file-…</c>.</param>
/// <param name="Owner">The key of whom it is; empty for whoever needs none.</param>
/// <param name="Name">What the client calls it.</param>
/// <param name="Purpose">What it is for, in the client's words.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Created">When it came.</param>
/// <param name="Expires">When it goes; null for never.</param>
internal sealed record StoredFile(
    string Id, string Owner, string Name, string Purpose, long Bytes, DateTimeOffset Created, DateTimeOffset? Expires);

/// <summary>Files of clients, in the state's database: whole, or not there.</summary>
internal sealed class FileStore(StateDatabase state)
{
    private const int PartLength = 1 << 20;

    /// <summary>The tables.</summary>
    public static Migration Schema { get; } = new(
        "files-1",
        """
        CREATE TABLE files (
            id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL, bytes BIGINT NOT NULL,
            created BIGINT NOT NULL, expires BIGINT)
        """,
        "CREATE TABLE file_parts (file TEXT NOT NULL, part BIGINT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (file, part))");

    /// <summary>A name for a file that comes now.</summary>
    public static string NewId() => $"file-{Guid.NewGuid():N}";

    /// <summary>Keeps a file.</summary>
    public Task<StoredFile> AddAsync(
        string owner, string name, string purpose, DateTimeOffset? expires, Stream content, CancellationToken cancellationToken) =>
        state.WriteAsync(
            async statements =>
            {
                FileWriter writer = new(statements, NewId());
                byte[] buffer = new byte[PartLength];
                int read;
                while ((read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                    await writer.AppendAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);

                return await writer.EndAsync(owner, name, purpose, expires, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    /// <summary>A file; null where there is none of this name, or it is another's.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="owner">Whose it must be; null for anybody's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<StoredFile?> FindAsync(string id, string? owner, CancellationToken cancellationToken) =>
        (await state
            .QueryAsync(
                $"SELECT id, owner, name, purpose, bytes, created, expires FROM files WHERE id = {id}", Read, cancellationToken)
            .ConfigureAwait(false))
        .FirstOrDefault(file => IsThere(file) && (owner is null || file.Owner == owner));

    /// <summary>The files, the oldest first.</summary>
    public async Task<IReadOnlyList<StoredFile>> ListAsync(string? owner, CancellationToken cancellationToken) =>
        [
            .. (await state
                .QueryAsync(
                    $"SELECT id, owner, name, purpose, bytes, created, expires FROM files ORDER BY created, id", Read, cancellationToken)
                .ConfigureAwait(false))
            .Where(file => IsThere(file) && (owner is null || file.Owner == owner)),
        ];

    /// <summary>What is in a file, part by part.</summary>
    public async IAsyncEnumerable<byte[]> ContentAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long part = 0; ; part++)
        {
            IReadOnlyList<byte[]> data = await state
                .QueryAsync(
                    $"SELECT data FROM file_parts WHERE file = {id} AND part = {part}",
                    row => row.GetFieldValue<byte[]>(0),
                    cancellationToken)
                .ConfigureAwait(false);
            if (data.Count == 0)
                yield break;

            yield return data[0];
        }
    }

    /// <summary>Deletes a file.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            await statements.ExecuteAsync($"DELETE FROM file_parts WHERE file = {id}", cancellationToken).ConfigureAwait(false);
            return await statements.ExecuteAsync($"DELETE FROM files WHERE id = {id}", cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    private static bool IsThere(StoredFile file) => file.Expires is not { } end || end > DateTimeOffset.UtcNow;

    private static StoredFile Read(DbDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        row.GetInt64(4),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)));

    /// <summary>Writes a file within a transaction.</summary>
    internal sealed class FileWriter(StateStatements statements, string id)
    {
        private readonly MemoryStream _part = new();
        private long _parts, _bytes;

        /// <summary>Whether nothing was written.</summary>
        public bool IsEmpty => _bytes == 0;

        /// <summary>Writes more of it.</summary>
        public async Task AppendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            _part.Write(data.Span);
            _bytes += data.Length;
            if (_part.Length >= PartLength)
                await FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <summary>Ends it.</summary>
        public async Task<StoredFile> EndAsync(
            string owner, string name, string purpose, DateTimeOffset? expires, CancellationToken cancellationToken)
        {
            if (_part.Length > 0)
                await FlushAsync(cancellationToken).ConfigureAwait(false);

            StoredFile file = new(id, owner, name, purpose, _bytes, DateTimeOffset.UtcNow, expires);
            await statements
                .ExecuteAsync(
                    $"""
                    INSERT INTO files (id, owner, name, purpose, bytes, created, expires) VALUES (
                        {id}, {owner}, {name}, {purpose}, {_bytes}, {file.Created.ToUnixTimeMilliseconds()},
                        {expires?.ToUnixTimeMilliseconds()})
                    """,
                    cancellationToken)
                .ConfigureAwait(false);
            return file;
        }

        private async Task FlushAsync(CancellationToken cancellationToken)
        {
            await statements
                .ExecuteAsync(
                    $"INSERT INTO file_parts (file, part, data) VALUES ({id}, {_parts++}, {_part.ToArray()})", cancellationToken)
                .ConfigureAwait(false);
            _part.SetLength(0);
        }
    }
}
