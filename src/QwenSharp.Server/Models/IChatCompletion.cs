using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>Answers a conversation several times; a neutral chat client answers once.</summary>
internal interface IChatCompletion
{
    /// <summary>Streams the answers to a conversation. What is wrong with the request is thrown at once.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">Sampling, limits, tools.</param>
    /// <param name="choices">How many answers; a seed counts up from one to the next.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    /// <returns>A stream an answer.</returns>
    IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, int choices, CancellationToken cancellationToken);

    /// <summary>The tokens of the prompt that a conversation becomes. What is wrong with the request is thrown.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">Tools and thinking, which a prompt shows.</param>
    int CountPromptTokens(IReadOnlyList<ChatMessage> messages, ChatOptions options);
}
