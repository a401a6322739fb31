using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat.Habits;

/// <summary>SGLang: vLLM but for the names of thoughts and of what holds the answer.</summary>
internal sealed class SglangHabits(ProviderSettings settings) : VllmHabits(settings)
{
    public override string? Thoughts => "reasoning_content";

    public override void Constrain(OutputGrammar grammar, JsonObject body, Losses losses)
    {
        switch (grammar)
        {
            case OutputGrammar.Regex regex:
                body["regex"] = regex.Pattern;
                break;
            case OutputGrammar.Choice choice:
                body["regex"] = $"({string.Join('|', choice.Texts.Select(Regex.Escape))})";
                break;
            default:
                // Its grammars are EBNF of another kind than llama.cpp's.
                base.Constrain(grammar, body, losses);
                body.Remove("structured_outputs");
                losses.Add(ChatOptionKeys.Grammar);
                break;
        }
    }

    protected override void Limit(int budget, JsonObject body, Losses losses)
    {
        // It has no field for how long a model may think; a model that may not at all can be told so.
        if (budget == 0)
            Variables(body)[ChatOptionKeys.EnableThinking] = false;
        else
            losses.Add(ChatOptionKeys.ThinkingBudget);
    }
}
