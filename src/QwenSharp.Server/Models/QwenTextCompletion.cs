using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Engine;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>Plain completions on a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="modelId">Which of its names answers: its own or an adapter's.</param>
internal sealed class QwenTextCompletion(QwenModel model, string modelId) : ITextCompletion
{
    private const string PromptField = "prompt";

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> CompleteAsync(
        CompletionPrompt prompt,
        ChatOptions options,
        CancellationToken cancellationToken)
    {
        int[] tokens = prompt.Tokens is { } given ? [.. given] : model.EncodePrompt(prompt.Text!);
        Check(tokens);
        return RequestFaults.Translate(PromptField, () =>
        {
            TextGenerationOptions generation = model.ReadOptions(options, modelId);
            return Translate(model.CompleteAsync(tokens, generation, cancellationToken), generation.Logprobs, cancellationToken);
        });
    }

    // A prompt may be wrong in two more ways than being too long.
    private void Check(int[] tokens)
    {
        if (tokens.Length == 0)
            throw OpenAIException.Invalid(PromptField, "'prompt' is empty; there must be a token to continue.");

        int vocabulary = model.Config.VocabularySize;
        int unknown = Array.FindIndex(tokens, token => token >= vocabulary);
        if (unknown >= 0)
        {
            throw OpenAIException.Invalid(
                PromptField,
                $"'prompt' has the token {tokens[unknown]}, which is not one of the {vocabulary} of the model.");
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Translate(
        IAsyncEnumerable<TextChunk> chunks, bool logprobs, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TextChunk chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            ChatResponseUpdate update = new(ChatRole.Assistant, chunk.Text)
            {
                FinishReason = chunk.Finish switch
                {
                    null => null,
                    FinishReason.Length => ChatFinishReason.Length,
                    _ => ChatFinishReason.Stop,
                },
            };
            if (logprobs)
                update.AdditionalProperties = new() { [OptionKeys.Logprobs] = WireLogprobs.Of(chunk.Tokens) };

            if (chunk.Usage is { } usage)
            {
                update.Contents.Add(new UsageContent(new UsageDetails
                {
                    InputTokenCount = usage.PromptTokens,
                    OutputTokenCount = usage.CompletionTokens,
                }));
            }

            yield return update;
        }
    }
}
