using System.Text.Json;
using QwenSharp.Server.Callers;
using QwenSharp.Server.State;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>
/// Keeps responses and conversations in the server's database: responses for thirty days, conversations until they are deleted.
/// </summary>
internal sealed class StateResponseStore(StateDatabase state, CallerContext callers, TimeProvider time) : IResponseStore
{
    /// <summary>How long a response is kept.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <inheritdoc/>
    public async Task<StoredObject?> FindAsync(string id, CancellationToken cancellationToken)
    {
        (long now, string owner) = (Now(), callers.Owner);
        IReadOnlyList<byte[]> found = await state.QueryAsync(
            $"""
            SELECT body FROM response_objects
            WHERE id = {Clean(id)} AND (ends IS NULL OR ends > {now}) AND ({owner} = '' OR owner = {owner})
            """,
            row => row.GetFieldValue<byte[]>(0),
            cancellationToken).ConfigureAwait(false);
        return found is [var bytes] ? StoredObject.Of(bytes) : null;
    }

    /// <inheritdoc/>
    public async Task<JsonElement?> FindItemAsync(string itemId, CancellationToken cancellationToken)
    {
        string owner = callers.Owner;
        IReadOnlyList<string> holders = await state.QueryAsync(
            $"""
            SELECT holder FROM response_items INNER JOIN response_objects ON response_objects.id = holder
            WHERE response_items.id = {Clean(itemId)} AND ({owner} = '' OR owner = {owner}) LIMIT 1
            """,
            row => row.GetString(0),
            cancellationToken).ConfigureAwait(false);
        return holders is [var holder] ? (await FindAsync(holder, cancellationToken).ConfigureAwait(false))?.Find(itemId) : null;
    }

    /// <inheritdoc/>
    public Task AddAsync(StoredObject stored, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            long now = Now();
            await statements.ExecuteAsync(
                $"DELETE FROM response_items WHERE holder IN (SELECT id FROM response_objects WHERE ends <= {now})", cancellationToken)
                .ConfigureAwait(false);
            await statements.ExecuteAsync($"DELETE FROM response_objects WHERE ends <= {now}", cancellationToken).ConfigureAwait(false);

            // A conversation has no end of its own.
            long? ends = stored.Id.StartsWith("resp_", StringComparison.Ordinal) ? now + (long)Lifetime.TotalMilliseconds : null;
            await statements.ExecuteAsync(
                $"""
                INSERT INTO response_objects (id, revision, ends, body, owner)
                VALUES ({stored.Id}, {1L}, {ends}, {stored.ToBytes()}, {callers.Owner})
                """,
                cancellationToken).ConfigureAwait(false);
            await WriteItemsAsync(statements, stored, cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<StoredObject?> ChangeAsync(
        string id, Func<StoredObject, StoredObject> change, CancellationToken cancellationToken)
    {
        string owner = callers.Owner;
        while (true)
        {
            IReadOnlyList<(long Revision, byte[] Body)> found = await state.QueryAsync(
                $"SELECT revision, body FROM response_objects WHERE id = {Clean(id)} AND ({owner} = '' OR owner = {owner})",
                row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                cancellationToken).ConfigureAwait(false);
            if (found is not [var (revision, body)])
                return null;

            StoredObject after = change(StoredObject.Of(body));
            bool done = await state.WriteAsync(
                async statements =>
                {
                    (long next, byte[] bytes) = (revision + 1, after.ToBytes());
                    int changed = await statements.ExecuteAsync(
                        $"UPDATE response_objects SET revision = {next}, body = {bytes} WHERE id = {id} AND revision = {revision}",
                        cancellationToken).ConfigureAwait(false);
                    if (changed == 0)
                        return false;

                    await statements
                        .ExecuteAsync($"DELETE FROM response_items WHERE holder = {id}", cancellationToken).ConfigureAwait(false);
                    await WriteItemsAsync(statements, after, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            if (done)
                return after;
        }
    }

    /// <inheritdoc/>
    public Task<bool> RemoveAsync(string id, CancellationToken cancellationToken) => state.WriteAsync(
        async statements =>
        {
            string owner = callers.Owner;
            int removed = await statements
                .ExecuteAsync(
                    $"DELETE FROM response_objects WHERE id = {Clean(id)} AND ({owner} = '' OR owner = {owner})", cancellationToken)
                .ConfigureAwait(false);
            if (removed == 0)
                return false;

            await statements
                .ExecuteAsync($"DELETE FROM response_items WHERE holder = {Clean(id)}", cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    private static async Task WriteItemsAsync(StateStatements statements, StoredObject stored, CancellationToken cancellationToken)
    {
        foreach (string item in stored.ItemIds.Select(Clean).Distinct(StringComparer.Ordinal))
        {
            await statements
                .ExecuteAsync($"INSERT INTO response_items (id, holder) VALUES ({item}, {stored.Id})", cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // Names come from clients, and databases take no U+0000.
    private static string Clean(string id) => id.Replace('\0', '\uFFFD');

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
