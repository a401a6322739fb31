using Microsoft.Extensions.AI;
using QwenSharp.Engine;

namespace QwenSharp.Chat;

/// <summary>Chunks of one answer's text as neutral updates. Tokens ride with the next update that there is.</summary>
/// <param name="id">The answer's own name.</param>
/// <param name="modelId">Who answers.</param>
/// <param name="describe">Words what the prefix cache had of the prompt.</param>
/// <param name="logprobs">Whether updates carry their tokens, under <see cref="ChatOptionKeys.Logprobs"/>.</param>
internal sealed class UpdateWriter(string id, string modelId, Func<PromptReuse, CachedPrompt> describe, bool logprobs)
{
    /// <summary>An answer that went round in circles was ended.</summary>
    private static readonly ChatFinishReason Repetition = new("repetition");

    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;
    private List<TextToken> _tokens = [];
    private CachedPrompt? _cached;
    private bool _calls;
    private bool _answers, _reasoned;
    private int _reasoningTokens;

    /// <summary>The update for a chunk; null where there is nothing to tell yet.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="contents">What its text holds.</param>
    public ChatResponseUpdate? Write(TextChunk chunk, IReadOnlyList<AIContent> contents)
    {
        if (logprobs)
            _tokens.AddRange(chunk.Tokens);

        if (chunk.Reuse is { } reuse)
            _cached = describe(reuse);

        // Until the answer proper begins; without reasoning these are none.
        _answers |= contents.Any(content => content is not TextReasoningContent);
        _reasoned |= contents.Any(content => content is TextReasoningContent);
        if (!_answers)
            _reasoningTokens += chunk.Tokens.Count;

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
                FinishReason.Repetition => Repetition,
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

        if (_cached is not null)
        {
            (update.AdditionalProperties ??= [])[ChatOptionKeys.CachedPrompt] = _cached;
            _cached = null;
        }
        if (chunk.StopString is { } stop)
            (update.AdditionalProperties ??= [])[ChatOptionKeys.StopSequence] = stop;

        return update;
    }

    private UsageDetails Details(TextUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        CachedInputTokenCount = usage.CachedTokens,
        ReasoningTokenCount = _reasoned ? _reasoningTokens : null,
        TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
    };
}
