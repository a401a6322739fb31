using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Plain completions on a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="modelId">Which of its names answers: its own or an adapter's.</param>
internal sealed class QwenTextCompletion(QwenModel model, string modelId) : ITextCompletion
{
    private readonly QwenTextClient _client = new(model, modelId);

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        int[] tokens = prompt.Tokens is { } given ? [.. given] : model.EncodePrompt(prompt.Text!);
        return _client.GetStreamingResponses(tokens, choices, options, cancellationToken);
    }
}
