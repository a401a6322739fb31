using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>OpenAI itself.</summary>
internal class OpenAIHabits(ProviderSettings settings) : ChatHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "parallel_tool_calls", "allowed_tools",
        "named_tool_choice", "required_tool_choice", "strict", "name", "developer", "text_parts", "json_schema", "image", "detail", "file",
        "input_audio", "user", "metadata", "service_tier", "verbosity", "prompt_cache_key", "prompt_cache_retention",
    };

    // Models that reason refuse the older name, and all take this one.
    public override string MaxTokens => "max_completion_tokens";

    public override int MaxStops => 4;

    public override JsonNode? NoContent => null;

    public override IReadOnlyList<string> Lifetimes => ["30m"];

    public override void Authorize(Dictionary<string, string> headers)
    {
        base.Authorize(headers);
        if (Settings.Organization is { } organization)
            headers["OpenAI-Organization"] = organization;

        if (Settings.Project is { } project)
            headers["OpenAI-Project"] = project;
    }

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        if (thinking.Effort is { } effort)
        {
            body["reasoning_effort"] = effort;
        }
        else if (thinking.IsOn is false && (string?)body["model"] is { } model)
        {
            if (OpenAIModels.CanBeStill(model))
                body["reasoning_effort"] = "none";

            losses.AddIf(OpenAIModels.AlwaysReasons(model), ChatOptionKeys.EnableThinking);
        }
    }

    // Models before GPT-5.6 know no marks: they keep what they find alike by themselves.
    public override bool Mark(JsonObject part, string lifetime, string model)
    {
        if (part.ContainsKey("function") || !OpenAIModels.TakesMarks(model))
            return false;

        part["prompt_cache_breakpoint"] = new JsonObject { ["mode"] = "explicit" };
        return true;
    }
}
