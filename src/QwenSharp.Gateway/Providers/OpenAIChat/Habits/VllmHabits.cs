using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>vLLM, which takes almost everything and answers with what its models' templates make of it.</summary>
internal class VllmHabits(ProviderSettings settings) : ChatHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "top_k", "min_p", "repetition_penalty", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "stop_token_ids",
        "ignore_eos", "chat_template_kwargs", "parallel_tool_calls", "named_tool_choice", "required_tool_choice", "name", "text_parts",
        "json_schema", "image", "input_audio", "video_url",
    };

    public override string? Thoughts => "reasoning";

    public override JsonNode? NoContent => null;

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        if (thinking.IsOn is { } on)
            Variables(body)[ChatOptionKeys.EnableThinking] = on;

        if (thinking.Effort is { } effort and not "none")
            body["reasoning_effort"] = effort;

        if (thinking.Budget is { } budget)
            Limit(budget, body, losses);
    }

    public override void Constrain(OutputGrammar grammar, JsonObject body, Losses losses) => body["structured_outputs"] = grammar switch
    {
        OutputGrammar.Regex regex => new JsonObject { ["regex"] = regex.Pattern },
        OutputGrammar.Choice choice => new JsonObject { ["choice"] = WireNodes.Array(choice.Texts.Select(text => (JsonNode)text)) },
        OutputGrammar.Gbnf rules => new JsonObject { ["grammar"] = rules.Text },
        _ => throw new NotSupportedException($"No field for {grammar.GetType().Name}."),
    };

    public override void Continue(JsonObject last, JsonObject body, Losses losses) =>
        (body["add_generation_prompt"], body["continue_final_message"]) = (false, true);

    /// <summary>Writes how long reasoning may be.</summary>
    protected virtual void Limit(int budget, JsonObject body, Losses losses) => body["thinking_token_budget"] = budget;

    /// <summary>The variables of the template.</summary>
    protected static JsonObject Variables(JsonObject body)
    {
        if (body[ChatOptionKeys.ChatTemplateKwargs] is not JsonObject variables)
            body[ChatOptionKeys.ChatTemplateKwargs] = variables = [];

        return variables;
    }
}
