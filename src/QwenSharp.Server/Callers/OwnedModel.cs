using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Models;
using QwenSharp.Server.State;

namespace QwenSharp.Server.Callers;

/// <summary>A model whose engine knows for whom it writes, and how early that is served.</summary>
/// <param name="model">The model.</param>
/// <param name="owner">Whom its answers are for: owners take turns.</param>
/// <param name="priority">How early they are served; what a request asks may be later.</param>
internal sealed class OwnedModel(ServedModel model, object owner, KeyPriority priority) : IChatCompletion, ITextCompletion
{
    // Whoever needs no key has one turn for all batches.
    private const string Batches = "batches";

    /// <summary>The model in somebody's name. It is the catalog's to dispose, not this one's.</summary>
    public static ServedModel Of(ServedModel model, object owner, KeyPriority priority)
    {
        OwnedModel owned = new(model, owner, priority);
        return model with { Chat = owned, Text = owned };
    }

    /// <summary>The model as whoever asks has it.</summary>
    public static ServedModel Of(ServedModel model, CallerContext callers) => callers switch
    {
        { Current: { } caller } => CallersModel.Of(model, caller),
        { InBatch: true } => Of(model, Batches, KeyPriority.Low),
        _ => model,
    };

    /// <summary>Options in the name of whoever asks.</summary>
    public static ChatOptions Of(ChatOptions options, CallerContext callers) => callers switch
    {
        { Current: { } caller } => OwnedOptions.For(options, caller.Owner, (int)caller.Priority),
        { InBatch: true } => OwnedOptions.For(options, Batches, (int)KeyPriority.Low),
        _ => options,
    };

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Chat.Complete(messages, Owned(options), choices, cancellationToken);

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        model.Chat.CountPromptTokens(messages, options);

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Text.Complete(prompt, Owned(options), choices, cancellationToken);

    private ChatOptions Owned(ChatOptions options) => OwnedOptions.For(options, owner, (int)priority);
}
