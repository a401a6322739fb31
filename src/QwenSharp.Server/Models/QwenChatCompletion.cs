using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>Conversations with a model of this process.</summary>
internal sealed class QwenChatCompletion(QwenChatClient model) : IChatCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        model.GetStreamingResponses(messages, choices, options, cancellationToken);

    /// <inheritdoc/>
    public int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options) => model.CountPromptTokens(messages, options);
}
