using Microsoft.Extensions.AI;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>Plain completions on a model of this process.</summary>
/// <param name="model">The model.</param>
/// <param name="modelId">Which of its names answers: its own or an adapter's.</param>
internal sealed class QwenTextCompletion(QwenModel model, string modelId) : ITextCompletion
{
    private const string PromptField = "prompt";

    private readonly QwenTextClient _client = new(model, modelId);

    /// <inheritdoc/>
    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        int[] tokens = prompt.Tokens is { } given ? [.. given] : model.EncodePrompt(prompt.Text!);
        Check(tokens);
        return RequestFaults.Translate(PromptField, () => _client.GetStreamingResponses(tokens, choices, options, cancellationToken));
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
}
