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
    private readonly PromptScorer _scorer = new(model);

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

    /// <summary>
    /// A prompt as the beginning of its answers: an update with its text, control tokens and all, and where log-probabilities are asked for
    /// with its tokens under <see cref="ChatOptionKeys.Logprobs"/>. The first has nothing before it to be likely after: its is NaN. Where
    /// no answer is asked for (0 tokens), the update is the end of it too, and tells the usage.
    /// </summary>
    /// <param name="prompt">Token ids; at least one.</param>
    /// <param name="options">What is asked of the answers.</param>
    /// <param name="cancellationToken">Ends the work between two chunks.</param>
    /// <inheritdoc cref="GetStreamingResponses" path="/exception"/>
    public async Task<ChatResponseUpdate> EchoAsync(
        ReadOnlyMemory<int> prompt, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        TextGenerationOptions generation = model.ReadOptions(options, modelId);
        _scorer.Check(prompt.Span);

        // A model's output layer may be padded beyond its vocabulary; such ids have no text.
        int[] spelled = [.. prompt.ToArray().Where(id => id < model.Tokenizer.VocabularySize)];
        ChatResponseUpdate update = new(ChatRole.Assistant, model.Tokenizer.Decode(spelled));
        if (generation.Logprobs)
        {
            IReadOnlyList<TextToken> tokens = await _scorer
                .ScoreAsync(prompt, generation.TopLogprobs, generation.Adapter, cancellationToken).ConfigureAwait(false);
            update.AdditionalProperties = new() { [ChatOptionKeys.Logprobs] = tokens };
        }

        if (generation.MaxTokens == 0)
        {
            update.FinishReason = ChatFinishReason.Length;
            update.Contents.Add(new UsageContent(new UsageDetails { InputTokenCount = prompt.Length, OutputTokenCount = 0 }));
        }

        return update;
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
            foreach (ChatResponseUpdate update in writer.Write(chunk, contents, isReasoned: false))
                yield return update;
        }
    }
}
