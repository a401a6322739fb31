using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>A model of this process, which reads text alone: what else a request has it refuses as the request's dialect would.</summary>
/// <param name="model">The model.</param>
internal sealed class TextOnlyCompletion(ServedModel model) : IChatCompletion, ITextCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Chat.Complete(TextOnly.Messages(messages), TextOnly.Options(options), choices, cancellationToken);

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        model.Chat.CountPromptTokens(TextOnly.Messages(messages), TextOnly.Options(options));

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.Text.Complete(prompt, TextOnly.Options(options), choices, cancellationToken);
}
