using Microsoft.Extensions.AI;
using QwenSharp.Engine;

namespace QwenSharp.Chat;

/// <summary>Chunks of one answer's text as neutral updates. Tokens ride with the next update that there is.</summary>
/// <param name="id">The answer's own name.</param>
/// <param name="modelId">Who answers.</param>
/// <param name="logprobs">Whether updates carry their tokens, under <see cref="ChatOptionKeys.Logprobs"/>.</param>
internal sealed class UpdateWriter(string id, string modelId, bool logprobs)
{
    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;
    private List<TextToken> _tokens = [];
    private bool _calls;

    /// <summary>The update for a chunk; null where there is nothing to tell yet.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="contents">What its text holds.</param>
    public ChatResponseUpdate? Write(TextChunk chunk, IReadOnlyList<AIContent> contents)
    {
        if (logprobs)
            _tokens.AddRange(chunk.Tokens);

        _calls |= contents.Any(content => content is FunctionCallContent);
        if (contents.Count == 0 && chunk.Usage is null)
            return null;

        ChatResponseUpdate update = new(ChatRole.Assistant, [.. contents])
        {
            ResponseId = id,
            MessageId = id,
            ModelId = modelId,
            CreatedAt = _created,
            FinishReason = chunk.Finish switch
            {
                null => null,
                FinishReason.Length => ChatFinishReason.Length,
                _ when _calls => ChatFinishReason.ToolCalls,
                _ => ChatFinishReason.Stop,
            },
        };
        if (chunk.Usage is { } usage)
            update.Contents.Add(new UsageContent(Details(usage)));

        if (_tokens.Count > 0)
        {
            update.AdditionalProperties = new() { [ChatOptionKeys.Logprobs] = _tokens };
            _tokens = [];
        }

        if (chunk.StopString is { } stop)
            (update.AdditionalProperties ??= [])[ChatOptionKeys.StopSequence] = stop;

        return update;
    }

    private static UsageDetails Details(TextUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
    };
}
