using System.Text.Json;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>
/// Keeps responses and conversations, each for the key that made it: for another key it is as if there were nothing. Whoever needs no key
/// finds all.
/// </summary>
internal interface IResponseStore
{
    /// <summary>What is kept under a name; null for nothing.</summary>
    Task<StoredObject?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>An item of anything that is kept, by the item's name; null for none.</summary>
    Task<JsonElement?> FindItemAsync(string itemId, CancellationToken cancellationToken);

    /// <summary>Keeps something new.</summary>
    Task AddAsync(StoredObject stored, CancellationToken cancellationToken);

    /// <summary>Changes what is kept, as one step, and gives what came of it; null where there is nothing under the name.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="change">What becomes of it; may be asked again where somebody else was faster.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoredObject?> ChangeAsync(string id, Func<StoredObject, StoredObject> change, CancellationToken cancellationToken);

    /// <summary>Forgets something; false where there is nothing under the name.</summary>
    Task<bool> RemoveAsync(string id, CancellationToken cancellationToken);
}
