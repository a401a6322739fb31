using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Conversations with a model that settles what requests leave open.</summary>
internal sealed class PresetChatCompletion(IChatCompletion model, ModelPreset preset) : IChatCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Complete(preset.Complete(messages), preset.Complete(options), choices, cancellationToken);

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        model.CountPromptTokens(preset.Complete(messages), preset.Complete(options));
}

/// <summary>Prompts continued by a model that settles how to sample; how a conversation begins is nothing to them.</summary>
internal sealed class PresetTextCompletion(ITextCompletion model, ModelPreset preset) : ITextCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Complete(prompt, preset.Complete(options), choices, cancellationToken);
}
