namespace QwenSharp.Server.Models;

/// <summary>Choosing a model for what it was trained for.</summary>
internal static class ModelsByPurpose
{
    /// <summary>
    /// The model of a name, or where a request names none the only one of its purpose: a server may have a model that chats and one that
    /// embeds, and a request for embeddings means the latter.
    /// </summary>
    /// <inheritdoc cref="ModelCatalog.Choose" path="/exception"/>
    public static ServedModel ChooseFor(this ModelCatalog models, ModelPurpose purpose, string? id) =>
        models.Choose(id ?? (models.All.Where(model => model.Purpose == purpose).ToArray() is [var only] ? only.Id : null));
}
