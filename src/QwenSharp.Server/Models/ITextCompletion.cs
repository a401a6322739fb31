using Microsoft.Extensions.AI;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>Continues a prompt as it stands. Neutral chat types have no such client, so this is its streaming method alone.</summary>
internal interface ITextCompletion
{
    /// <summary>Streams what follows a prompt, as updates of text.</summary>
    IAsyncEnumerable<ChatResponseUpdate> CompleteAsync(CompletionPrompt prompt, ChatOptions options, CancellationToken cancellationToken);
}
