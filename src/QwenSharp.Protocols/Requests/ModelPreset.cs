using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Requests;

/// <summary>What a model settles for requests that leave it open: how to sample, and how a conversation begins.</summary>
public sealed record ModelPreset
{
    /// <summary>The system message of conversations that have none.</summary>
    public string? System { get; init; }

    /// <summary>Messages that go before those of a conversation, behind its system message.</summary>
    public IReadOnlyList<PresetMessage> Messages { get; init; } = [];

    /// <summary>Scales the logits; 0 takes the likeliest token.</summary>
    public float? Temperature { get; init; }

    /// <summary>How many of the likeliest tokens are drawn from.</summary>
    public int? TopK { get; init; }

    /// <summary>The share of probability that is drawn from.</summary>
    public float? TopP { get; init; }

    /// <summary>The least share of the likeliest token's probability.</summary>
    public float? MinP { get; init; }

    /// <summary>Divides the logits of tokens already seen.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Taken from the logits of tokens already seen.</summary>
    public float? PresencePenalty { get; init; }

    /// <summary>Taken from the logits of tokens already seen, for each time.</summary>
    public float? FrequencyPenalty { get; init; }

    /// <summary>The seed.</summary>
    public long? Seed { get; init; }

    /// <summary>Tokens of an answer at most.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Where an answer ends.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Positions of a sequence, with which the model is loaded.</summary>
    public int? ContextLength { get; init; }

    /// <summary>This preset where another says nothing.</summary>
    public ModelPreset Under(ModelPreset other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new ModelPreset
        {
            System = other.System ?? System,
            Messages = other.Messages.Count > 0 ? other.Messages : Messages,
            Temperature = other.Temperature ?? Temperature,
            TopK = other.TopK ?? TopK,
            TopP = other.TopP ?? TopP,
            MinP = other.MinP ?? MinP,
            RepetitionPenalty = other.RepetitionPenalty ?? RepetitionPenalty,
            PresencePenalty = other.PresencePenalty ?? PresencePenalty,
            FrequencyPenalty = other.FrequencyPenalty ?? FrequencyPenalty,
            Seed = other.Seed ?? Seed,
            MaxOutputTokens = other.MaxOutputTokens ?? MaxOutputTokens,
            Stop = other.Stop ?? Stop,
            ContextLength = other.ContextLength ?? ContextLength,
        };
    }

    /// <summary>A request's options with this preset where they say nothing.</summary>
    public ChatOptions Complete(ChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ChatOptions completed = options.Clone();
        completed.Temperature ??= Temperature;
        completed.TopK ??= TopK;
        completed.TopP ??= TopP;
        completed.PresencePenalty ??= PresencePenalty;
        completed.FrequencyPenalty ??= FrequencyPenalty;
        completed.Seed ??= Seed;
        completed.MaxOutputTokens ??= MaxOutputTokens;
        completed.StopSequences ??= Stop is null ? null : [.. Stop];
        Add(completed, ChatOptionKeys.MinP, MinP);
        Add(completed, ChatOptionKeys.RepetitionPenalty, RepetitionPenalty);
        return completed;
    }

    /// <summary>A conversation with the messages of this preset before it.</summary>
    public IReadOnlyList<ChatMessage> Complete(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (System is null && Messages.Count == 0)
            return messages;

        ChatMessage[] own = [.. messages.TakeWhile(message => message.Role == ChatRole.System)];
        ChatMessage[] system = own.Length > 0 || System is null ? own : [new ChatMessage(ChatRole.System, System)];
        return
        [
            .. system,
            .. Messages.Select(message => new ChatMessage(new ChatRole(message.Role), message.Content)),
            .. messages.Skip(own.Length),
        ];
    }

    private static void Add(ChatOptions options, string key, float? value)
    {
        if (value is not null && options.AdditionalProperties?.ContainsKey(key) is not true)
            (options.AdditionalProperties ??= [])[key] = value.Value;
    }
}

/// <summary>A message of a <see cref="ModelPreset"/>.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Its text.</param>
public sealed record PresetMessage(string Role, string Content);
