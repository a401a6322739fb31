using QwenSharp.Server.Batches;

namespace QwenSharp.Server.State;

/// <summary>The tables of the state. Who keeps something adds its steps here; the order among those of one table counts alone.</summary>
internal static class StateSchema
{
    /// <summary>All steps.</summary>
    public static IReadOnlyList<Migration> All { get; } =
    [
        ApiKeyStore.Schema,
        FileStore.Schema,
        BatchStore.Schema,
    ];
}
