using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>In the place of what a model was not trained for: refuses, and says what the model is.</summary>
/// <param name="id">The model's name.</param>
/// <param name="what">What it is, such as <c>a reranker</c>.</param>
internal sealed class OtherPurpose(string id, string what)
    : IChatCompletion, ITextCompletion, ITextEmbedding, IReranking, IModeration, IPromptEcho
{
    /// <summary>In the place of what a model of a purpose was not trained for.</summary>
    public OtherPurpose(string id, ModelPurpose purpose)
        : this(id, What(purpose))
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        throw Fault("it does not chat");

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) => throw Fault("it does not chat");

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        throw Fault("it does not continue prompts");

    /// <inheritdoc/>
    public Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken) =>
        throw Fault("its vectors would mean nothing. Serve an embedding model, such as Qwen3-Embedding, for this");

    /// <inheritdoc/>
    public Task<RankedDocuments> RankAsync(
        string query, IReadOnlyList<string> documents, string? instruction, CancellationToken cancellationToken) =>
        throw Fault("its scores would mean nothing. Serve a reranker, such as Qwen3-Reranker, for this");

    /// <inheritdoc/>
    public Task<SafetyVerdict> JudgeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken) =>
        throw Fault("it gives no verdicts. Serve a Qwen3Guard for this");

    /// <inheritdoc/>
    public Task<ChatResponseUpdate> EchoAsync(CompletionPrompt prompt, ChatOptions options, CancellationToken cancellationToken) =>
        throw Fault("it does not continue prompts");

    private OptionNotSupportedException Fault(string so) => new(nameof(ChatOptions.ModelId), $"is '{id}', which is {what}: {so}.");

    private static string What(ModelPurpose purpose) => purpose switch
    {
        ModelPurpose.Embedding => "a model for embeddings",
        ModelPurpose.Ranking => "a reranker",
        ModelPurpose.Safety => "a model that judges safety",
        _ => "a language model",
    };
}
