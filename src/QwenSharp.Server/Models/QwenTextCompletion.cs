using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Plain completions on a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="modelId">Which of its names answers: its own or an adapter's.</param>
internal sealed class QwenTextCompletion(QwenModel model, string modelId) : ITextCompletion, IPromptEcho
{
    private readonly QwenTextClient _client = new(model, modelId);
    private readonly PromptCodec _codec = new(model);

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken) =>
        _client.GetStreamingResponses(Encode(prompt), choices, options, cancellationToken);

    /// <inheritdoc/>
    public Task<ChatResponseUpdate> EchoAsync(CompletionPrompt prompt, ChatOptions options, CancellationToken cancellationToken) =>
        _client.EchoAsync(Encode(prompt), options, cancellationToken);

    private int[] Encode(CompletionPrompt prompt) => prompt switch
    {
        { Tokens: { } given } => [.. given],
        { Suffix: { } suffix } => _codec.EncodeInfill(prompt.Text!, suffix, prompt.Preamble),
        _ => model.EncodePrompt(prompt.Text!),
    };
}
