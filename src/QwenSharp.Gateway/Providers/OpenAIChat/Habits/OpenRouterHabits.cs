using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>OpenRouter, which passes on to many and keeps what they have protected.</summary>
internal sealed class OpenRouterHabits(ProviderSettings settings) : ChatHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "top_k", "min_p", "repetition_penalty", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
        "parallel_tool_calls", "named_tool_choice", "required_tool_choice", "strict", "name", "developer", "text_parts", "json_schema",
        "image", "detail", "file", "input_audio", "video_url", "user", "verbosity",
    };

    public override string? Thoughts => "reasoning";

    // Of many makers, and it does not say for how long.
    public override string CacheWrites => UsageKeys.CacheWriteUnspecified;

    public override IReadOnlyList<string> Lifetimes => ["5m", "1h"];

    public override string Path(ProviderCall call) => "/api/v1/chat/completions";

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        JsonObject reasoning = [];
        if (thinking.Budget is > 0 and { } budget && thinking.IsOn is not false)
            reasoning["max_tokens"] = budget;
        else if (thinking.Effort is { } effort)
            reasoning["effort"] = effort;
        else if (thinking.IsOn is { } on)
            reasoning["enabled"] = on;

        if (thinking.Output == ReasoningOutput.None)
            reasoning["exclude"] = true;

        if (reasoning.Count > 0)
            body["reasoning"] = reasoning;
    }

    public override bool Mark(JsonObject part, string lifetime, string model)
    {
        JsonObject control = new() { ["type"] = "ephemeral" };
        if (lifetime.Length > 0)
            control["ttl"] = lifetime;

        part["cache_control"] = control;
        return true;
    }

    // The list of each thought, one behind the other, and its text once more.
    public override bool Replay(IReadOnlyList<TextReasoningContent> thoughts, JsonObject message)
    {
        JsonArray details = [];
        foreach (TextReasoningContent thought in thoughts.Where(
            thought => thought.IsOf(Origin) && thought.Property(ContentKeys.ProtectedForm) == ChatThoughts.Details))
        {
            foreach (JsonNode? detail in JsonNode.Parse(thought.ProtectedData!)!.AsArray())
                details.Add(detail?.DeepClone());
        }

        string text = string.Concat(thoughts.Select(thought => thought.Text));
        if (text.Length > 0)
            message["reasoning"] = text;

        message[ChatThoughts.Details] = details;
        return true;
    }

    public override void Complete(JsonObject body, AskedOptions asked, Losses losses) =>
        body["usage"] = new JsonObject { ["include"] = true };
}
