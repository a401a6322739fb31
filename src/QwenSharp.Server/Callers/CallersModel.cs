using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Models;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>A model as the holder of a key has it: what the key was not made for is refused, and what is used is written down.</summary>
/// <param name="model">The model.</param>
/// <param name="caller">The holder.</param>
internal sealed class CallersModel(ServedModel model, Caller caller)
    : IChatCompletion, ITextCompletion, ITextEmbedding, IReranking, IModeration, IPromptEcho
{
    /// <summary>The model with all that it does in the holder's name. It is the catalog's to dispose, not this one's.</summary>
    public static ServedModel Of(ServedModel model, Caller caller)
    {
        CallersModel own = new(OwnedModel.Of(model, caller.Owner, caller.Priority), caller);
        return model with { Chat = own, Text = own, Embedding = own, Reranking = own, Moderation = own, Echo = own };
    }

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        Begin(Scopes.Chat);
        return Observe(model.Chat.Complete(messages, options, choices, cancellationToken));
    }

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        caller.Require(Scopes.Chat);
        return model.Chat.CountPromptTokens(messages, options);
    }

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        Begin(Scopes.Chat);
        return Observe(model.Text.Complete(prompt, options, choices, cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<ChatResponseUpdate> EchoAsync(CompletionPrompt prompt, ChatOptions options, CancellationToken cancellationToken)
    {
        caller.Require(Scopes.Chat);
        ChatResponseUpdate update = await model.Echo.EchoAsync(prompt, options, cancellationToken).ConfigureAwait(false);
        caller.Spend(model.Id, update, isFirst: true);
        return update;
    }

    /// <inheritdoc/>
    public async Task<GeneratedEmbeddings<Embedding<float>>> EmbedAsync(EmbeddingRequest request, CancellationToken cancellationToken)
    {
        Begin(Scopes.Embeddings);
        GeneratedEmbeddings<Embedding<float>> made = await model.Embedding.EmbedAsync(request, cancellationToken).ConfigureAwait(false);
        caller.Spend(model.Id, made.Usage?.InputTokenCount ?? 0, cached: 0, completion: 0);
        return made;
    }

    /// <inheritdoc/>
    public async Task<RankedDocuments> RankAsync(
        string query, IReadOnlyList<string> documents, string? instruction, CancellationToken cancellationToken)
    {
        Begin(Scopes.Ranking);
        RankedDocuments ranked =
            await model.Reranking.RankAsync(query, documents, instruction, cancellationToken).ConfigureAwait(false);
        caller.Spend(model.Id, ranked.Tokens, cached: 0, completion: 0);
        return ranked;
    }

    /// <inheritdoc/>
    public Task<SafetyVerdict> JudgeAsync(IReadOnlyList<ChatMessage> conversation, CancellationToken cancellationToken)
    {
        Begin(Scopes.Moderation);
        return model.Moderation.JudgeAsync(conversation, cancellationToken);
    }

    private void Begin(string scope)
    {
        caller.Require(scope);
        caller.Ask(model.Id);
    }

    private IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Observe(IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> answers) =>
        [.. answers.Select((answer, choice) => ObserveAsync(answer, choice == 0))];

    private async IAsyncEnumerable<ChatResponseUpdate> ObserveAsync(
        IAsyncEnumerable<ChatResponseUpdate> answer, bool first, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (ChatResponseUpdate update in answer.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            caller.Spend(model.Id, update, first);
            yield return update;
        }
    }
}
