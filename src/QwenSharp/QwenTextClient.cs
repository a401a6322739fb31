using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;

namespace QwenSharp;

/// <summary>
/// Continues prompts as they stand, without a conversation, and says so in neutral updates. Neutral chat types have no client of this
/// kind, so this is the streaming half of one.
/// </summary>
/// <param name="model">The model; it stays the caller's to dispose.</param>
/// <param name="modelId">Which of <see cref="QwenModel.Names"/> answers where the options name none; null for the model's own.</param>
public sealed class QwenTextClient(QwenModel model, string? modelId = null)
{
    /// <summary>Continues a prompt several times at once. The request is checked at once.</summary>
    /// <param name="prompt">Token ids, as of <see cref="QwenModel.EncodePrompt"/>; at least one.</param>
    /// <param name="choices">How many answers; a seed counts up from one to the next.</param>
    /// <param name="options">Sampling and limits; what only a chat template could honour is refused.</param>
    /// <param name="cancellationToken">Ends the answers within one step of the engine.</param>
    /// <returns>The answers, each a stream of its own that begins with its enumeration.</returns>
    /// <exception cref="NotSupportedException">An option cannot be honoured; the message names it.</exception>
    /// <exception cref="ArgumentException">An option is out of range or the prompt longer than the context; the parameter name says
    /// which.</exception>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> GetStreamingResponses(
        ReadOnlyMemory<int> prompt, int choices, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        TextGenerationOptions generation = model.ReadOptions(options, modelId);
        try
        {
            return
            [
                .. model.CompleteAsync(prompt, choices, generation, cancellationToken)
                    .Select(chunks => Answer(chunks, prompt, generation, cancellationToken)),
            ];
        }
        catch (OptionException fault)
        {
            throw new OptionException(ChatRequest.Neutral(fault.Fault), fault);
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> Answer(
        IAsyncEnumerable<TextChunk> chunks,
        ReadOnlyMemory<int> prompt,
        TextGenerationOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        UpdateWriter writer = new($"cmpl-{Guid.NewGuid():N}", options.Adapter ?? model.Id, model.Describe(prompt), options.Logprobs);
        await foreach (TextChunk chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<AIContent> contents = chunk.Text.Length > 0 ? [new TextContent(chunk.Text)] : [];
            if (writer.Write(chunk, contents) is { } update)
                yield return update;
        }
    }
}
