using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Continues a prompt as it stands. Neutral chat types have no such client.</summary>
internal interface ITextCompletion
{
    /// <summary>Streams what follows a prompt, as updates of text. What is wrong with the request is thrown at once.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="options">Sampling and limits.</param>
    /// <param name="choices">How many answers; a seed counts up from one to the next.</param>
    /// <param name="cancellationToken">Ends all of them.</param>
    /// <returns>A stream an answer.</returns>
    IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken);
}
