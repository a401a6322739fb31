using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>llama.cpp's server.</summary>
internal sealed class LlamaServerHabits(ProviderSettings settings) : ChatHabits(settings)
{
    public override IReadOnlySet<string> Takes { get; } = new HashSet<string>
    {
        "top_k", "min_p", "repetition_penalty", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "ignore_eos",
        "chat_template_kwargs", "parallel_tool_calls", "required_tool_choice", "text_parts", "json_schema", "image", "input_audio",
    };

    public override string? Thoughts => "reasoning_content";

    public override string Spell(string field) => field == ChatOptionKeys.RepetitionPenalty ? "repeat_penalty" : field;

    public override void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        losses.AddIf(thinking.Effort is not (null or "none"), RemoteOptionKeys.Effort);
        if (thinking.IsOn is not { } on)
            return;

        if (body[ChatOptionKeys.ChatTemplateKwargs] is not JsonObject variables)
            body[ChatOptionKeys.ChatTemplateKwargs] = variables = [];

        variables[ChatOptionKeys.EnableThinking] = on;
    }

    public override void Constrain(OutputGrammar grammar, JsonObject body, Losses losses)
    {
        switch (grammar)
        {
            // It refuses a grammar beside tools, whose calls it holds by one of its own.
            case OutputGrammar.Gbnf rules when !body.ContainsKey("tools"):
                body["grammar"] = rules.Text;
                break;
            case OutputGrammar.Choice choice when !body.ContainsKey("tools"):
                body["grammar"] = $"root ::= {string.Join(" | ", choice.Texts.Select(text => JsonValue.Create(text).ToJsonString()))}";
                break;
            default:
                losses.Add(ChatOptionKeys.Grammar);
                break;
        }
    }

    // It goes on with a last message of the assistant's by itself.
    public override void Continue(JsonObject last, JsonObject body, Losses losses)
    {
    }
}
