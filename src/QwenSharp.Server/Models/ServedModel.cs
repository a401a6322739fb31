namespace QwenSharp.Server.Models;

/// <summary>A model under the name by which requests choose it.</summary>
/// <param name="Id">The name.</param>
/// <param name="Loaded">Since when it is there.</param>
/// <param name="Chat">Answers conversations.</param>
/// <param name="Text">Continues prompts.</param>
internal sealed record ServedModel(string Id, DateTimeOffset Loaded, IChatCompletion Chat, ITextCompletion Text) : IDisposable
{
    /// <summary>What it was trained for.</summary>
    public ModelPurpose Purpose { get; init; } = ModelPurpose.Text;

    /// <summary>Embeds texts, or refuses to.</summary>
    public ITextEmbedding Embedding { get; init; } = new OtherPurpose(Id, ModelPurpose.Text);

    /// <summary>Scores documents, or refuses to.</summary>
    public IReranking Reranking { get; init; } = new OtherPurpose(Id, ModelPurpose.Text);

    /// <summary>Judges conversations, or refuses to.</summary>
    public IModeration Moderation { get; init; } = new OtherPurpose(Id, ModelPurpose.Text);

    /// <summary>A model of this process under its own name, and with each of its adapters under theirs.</summary>
    public static IEnumerable<ServedModel> Of(QwenModel model) => model.Names.Select(id => Of(model, id));

    /// <summary>Frees what it computes embeddings and scores with; the model stays.</summary>
    public void Dispose()
    {
        (Embedding as IDisposable)?.Dispose();
        (Reranking as IDisposable)?.Dispose();
    }

    // Adapters change what a model writes; embeddings, scores and verdicts are those of the model as it is.
    private static ServedModel Of(QwenModel model, string id)
    {
        OtherPurpose refused = new(id, model.Purpose);
        bool writes = model.Purpose is ModelPurpose.Text or ModelPurpose.Safety;
        bool isBase = id == model.Id;
        return new ServedModel(
            id,
            DateTimeOffset.UtcNow,
            writes ? new QwenChatCompletion(new QwenChatClient(model, id)) : refused,
            writes ? new QwenTextCompletion(model, id) : refused)
        {
            Purpose = model.Purpose,
            Embedding = isBase && model.Purpose == ModelPurpose.Embedding ? new QwenTextEmbedding(model) : refused,
            Reranking = isBase && model.Purpose == ModelPurpose.Ranking ? new QwenReranking(model) : refused,
            Moderation = isBase && model.Purpose == ModelPurpose.Safety ? new QwenModeration(model) : refused,
        };
    }
}
