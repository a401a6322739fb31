using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>Another QwenSharp: it takes vLLM's fields, and refuses by name what its model cannot do.</summary>
internal sealed class QwenSharpHabits(ProviderSettings settings) : VllmHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "top_k", "min_p", "repetition_penalty", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "stop_token_ids",
        "ignore_eos", "chat_template_kwargs", "parallel_tool_calls", "allowed_tools", "named_tool_choice", "required_tool_choice", "strict",
        "name", "text_parts", "json_schema", "user", "verbosity",
    };

    public override string? Thoughts => "reasoning_content";

    protected override void Limit(int budget, JsonObject body, Losses losses) => body[ChatOptionKeys.ThinkingBudget] = budget;
}
