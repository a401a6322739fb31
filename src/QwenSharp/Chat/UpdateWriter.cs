using Microsoft.Extensions.AI;
using QwenSharp.Engine;

namespace QwenSharp.Chat;

/// <summary>Chunks of one answer's text as neutral updates. Tokens ride with the next update that there is.</summary>
/// <param name="id">The answer's own name.</param>
/// <param name="modelId">Who answers.</param>
/// <param name="describe">Words what the prefix cache had of the prompt.</param>
/// <param name="logprobs">Whether updates carry their tokens, under <see cref="ChatOptionKeys.Logprobs"/>: those of the answer, calls
/// included, and not those of the reasoning before it.</param>
internal sealed class UpdateWriter(string id, string modelId, Func<PromptReuse, CachedPrompt> describe, bool logprobs)
{
    /// <summary>An answer that went round in circles was ended.</summary>
    private static readonly ChatFinishReason Repetition = new("repetition");

    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;
    private List<TextToken> _tokens = [];
    private CachedPrompt? _cached;
    private bool _calls, _isCut;
    private bool _answers, _reasoned;
    private int _reasoningTokens;

    /// <summary>
    /// The updates for a chunk; none where there is nothing to tell yet. Each begins with the fragment of a call, or has none.
    /// </summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="contents">What its text holds.</param>
    /// <param name="isReasoned">Whether the reply began with reasoning, if only with its tags.</param>
    public IReadOnlyList<ChatResponseUpdate> Write(TextChunk chunk, IReadOnlyList<AIContent> contents, bool isReasoned)
    {
        if (logprobs)
            _tokens.AddRange(chunk.Tokens);

        if (chunk.Reuse is { } reuse)
            _cached = describe(reuse);

        // Until the answer proper begins; without reasoning these are none.
        _answers |= contents.Any(content => content is not TextReasoningContent);
        _reasoned |= contents.Any(content => content is TextReasoningContent);
        if (!_answers)
        {
            _reasoningTokens += chunk.Tokens.Count;
            _tokens = isReasoned ? [] : _tokens;
        }

        List<ChatResponseUpdate> updates = [];
        foreach (AIContent content in contents)
        {
            CallFragment? fragment = CallFragment.Of(content);
            if (fragment is not null || updates.Count == 0)
                updates.Add(Update(fragment));
            if (fragment is null)
                updates[^1].Contents.Add(content);

            _isCut = fragment is not null || (_isCut && content is not FunctionCallContent);
            _calls |= content is FunctionCallContent;
        }

        if (chunk.Usage is { } usage)
        {
            if (updates.Count == 0)
                updates.Add(Update(null));

            End(updates[^1], chunk, usage);
        }

        if (updates.Count > 0)
            Describe(updates[0]);

        return updates;
    }

    private ChatResponseUpdate Update(CallFragment? fragment) => new(ChatRole.Assistant, [])
    {
        ResponseId = id,
        MessageId = id,
        ModelId = modelId,
        CreatedAt = _created,
        RawRepresentation = fragment,
    };

    private void Describe(ChatResponseUpdate first)
    {
        if (_tokens.Count > 0)
        {
            (first.AdditionalProperties ??= [])[ChatOptionKeys.Logprobs] = _tokens;
            _tokens = [];
        }

        if (_cached is not null)
        {
            (first.AdditionalProperties ??= [])[ChatOptionKeys.CachedPrompt] = _cached;
            _cached = null;
        }
    }

    private void End(ChatResponseUpdate last, TextChunk chunk, TextUsage usage)
    {
        last.FinishReason = chunk.Finish switch
        {
            FinishReason.Length => ChatFinishReason.Length,
            FinishReason.Repetition => Repetition,
            _ when _calls && !_isCut => ChatFinishReason.ToolCalls,
            _ => ChatFinishReason.Stop,
        };
        last.Contents.Add(new UsageContent(Details(usage)));
        if (chunk.StopString is { } stop)
            (last.AdditionalProperties ??= [])[ChatOptionKeys.StopSequence] = stop;
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
