namespace QwenSharp.Server.Models;

/// <summary>Choosing a model for what it was trained for.</summary>
internal static class ModelsByPurpose
{
    /// <summary>
    /// The model of a name, or where a request names none the only one of its purpose that the server started with: a server may have a
    /// model that chats and one that embeds, and a request for embeddings means the latter.
    /// </summary>
    /// <inheritdoc cref="ModelCatalog.AcquireAsync(string?, CancellationToken)" path="/exception"/>
    public static Task<ModelLease> AcquireForAsync(
        this ModelCatalog models, ModelPurpose purpose, string? id, CancellationToken cancellationToken) =>
        models.AcquireAsync(id ?? models.OnlyOf(purpose) ?? models.FirstOfOthers(purpose), cancellationToken);
}
