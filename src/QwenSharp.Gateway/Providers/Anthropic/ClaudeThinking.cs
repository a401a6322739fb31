using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>How a Claude model is told to think, and what of the answer's limit that leaves.</summary>
/// <param name="Limit">Tokens of the answer at most, thoughts among them.</param>
internal sealed record ClaudeThinking(int Limit)
{
    private const int LeastBudget = 1024;
    private const int LeastAnswer = 256;

    /// <summary>The setting; null where nothing is said.</summary>
    private JsonObject? Setting { get; init; }

    private string? Effort { get; init; }

    /// <summary>Whether the model is told to think.</summary>
    public bool IsOn { get; private init; }

    public static ClaudeThinking Of(
        ProviderCall call, AskedOptions asked, ClaudeModel model, string origin, int usualLimit, Losses losses)
    {
        Thinking thinking = asked.Thinking;
        ClaudeThinking none = new(asked.Options.MaxOutputTokens ?? usualLimit);
        if (thinking.IsOn is not { } on)
            return none;

        if (!on)
            return none with { Setting = new JsonObject { ["type"] = "disabled" } };

        if (model.ThinksAdaptively)
        {
            losses.AddIf(thinking.Budget is not null, ChatOptionKeys.ThinkingBudget);
            JsonObject adaptive = new() { ["type"] = "adaptive" };
            if (thinking.Output is { } output)
                adaptive["display"] = output == ReasoningOutput.None ? "omitted" : "summarized";

            return none with { Setting = adaptive, Effort = thinking.Nearest("low", "medium", "high", "xhigh", "max"), IsOn = true };
        }

        // A model that thinks within a number of tokens takes no call that is forced, and goes on with calls only from its own thoughts.
        int budget = Math.Max(thinking.Budget ?? Tokens(thinking.Effort), LeastBudget);
        if (asked.Options.MaxOutputTokens is { } limit)
            budget = Math.Min(budget, limit - LeastAnswer);
        else
            none = new ClaudeThinking(budget + usualLimit);

        if (budget < LeastBudget || asked.MustCall || IsInForeignLoop(call.Messages, origin))
        {
            losses.Add("thinking");
            return new ClaudeThinking(asked.Options.MaxOutputTokens ?? usualLimit);
        }

        return none with
        {
            Setting = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = budget },
            IsOn = true,
        };
    }

    /// <summary>Writes it into a body.</summary>
    public void Write(JsonObject body)
    {
        if (Setting is not null)
            body["thinking"] = Setting;

        if (Effort is not null)
            body["output_config"] = new JsonObject { ["effort"] = Effort };
    }

    private static int Tokens(string? effort) => effort switch
    {
        "minimal" or "low" => 2048,
        "high" => 16384,
        "xhigh" or "max" => 32768,
        _ => 8192,
    };

    private static bool IsInForeignLoop(IReadOnlyList<ChatMessage> messages, string origin) =>
        messages.Count > 0
        && messages[^1].Contents.OfType<FunctionResultContent>().Any()
        && messages.LastOrDefault(message => message.Role == ChatRole.Assistant) is { } turn
        && !(turn.Contents.FirstOrDefault() is TextReasoningContent thought && thought.IsOf(origin));
}
