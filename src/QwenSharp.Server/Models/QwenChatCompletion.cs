using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>Conversations with a model of this process, whose refusals are those of the protocol.</summary>
internal sealed class QwenChatCompletion(QwenChatClient model) : IChatCompletion
{
    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        RequestFaults.Translate("messages", () => model.GetStreamingResponses(messages, choices, options, cancellationToken));
}
