using QwenSharp.Server.Batches;

namespace QwenSharp.Server.State;

/// <summary>The tables of the state. Who keeps something adds its steps here; the order among those of one table counts alone.</summary>
internal static class StateSchema
{
    // What a client has kept as JSON, with the items in it by their names. A later writer sees by the revision that it is one.
    private static readonly Migration Responses = new(
        "responses-1",
        "CREATE TABLE response_objects (id TEXT PRIMARY KEY, revision BIGINT NOT NULL, ends BIGINT, body BYTEA NOT NULL)",
        "CREATE INDEX response_objects_ends ON response_objects (ends)",
        "CREATE TABLE response_items (id TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (holder, id))",
        "CREATE INDEX response_items_id ON response_items (id)");

    // Whose it is, as with files and batches: the id of a key, or nothing.
    private static readonly Migration ResponseOwners = new(
        "responses-2",
        "ALTER TABLE response_objects ADD COLUMN owner TEXT NOT NULL DEFAULT ''");

    /// <summary>All steps.</summary>
    public static IReadOnlyList<Migration> All { get; } =
    [
        Responses,
        ApiKeyStore.Schema,
        FileStore.Schema,
        BatchStore.Schema,
        ApiKeyStore.PrioritySchema,
        ResponseOwners,
    ];
}
