using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>
/// Whether, how hard and how long to reason, in the spellings of OpenAI (<c>reasoning_effort</c>), of routers (<c>reasoning</c>), of Qwen's
/// cloud (<c>enable_thinking</c>, <c>thinking_budget</c>), of others' clouds (<c>thinking</c>) and of vLLM (<c>chat_template_kwargs</c>,
/// <c>thinking_token_budget</c>).
/// </summary>
internal static class ReasoningFields
{
    /// <summary>Reads them into options.</summary>
    public static void Read(RequestFields fields, ChatOptions options)
    {
        ThinkingSwitch thinking = new();
        ReadTemplateVariables(fields, options, thinking);
        if (fields.Take("enable_thinking") is { } enabled)
            thinking.Switch(enabled, enabled.Boolean());

        if (fields.Take("thinking") is { } given)
            ReadThinking(given, thinking);

        foreach (string name in (string[])["thinking_budget", "thinking_token_budget"])
        {
            if (fields.Take(name) is { } budget)
                thinking.Budget(budget);
        }

        RequestValue? effort = fields.Take("reasoning_effort");
        ReasoningEffort? how = effort is { } said ? ReadEffort(said, thinking) : null;
        KeepWord(effort, options);
        ReasoningOutput? output = null;
        if (fields.Take("reasoning") is { } reasoning)
        {
            RequestFields members = reasoning.Fields();
            if (members.Take("effort") is { } inner)
            {
                ReasoningEffort other = ReadEffort(inner, thinking);
                if (how is { } outer && outer != other)
                    throw inner.Invalid("is another than 'reasoning_effort'. Give one of them.");

                how = other;
                KeepWord(inner, options);
            }

            if (members.Take("max_tokens") is { } budget)
                thinking.Budget(budget);

            if (members.Take("enabled") is { } on)
                thinking.Switch(on, on.Boolean());

            if (members.Take("exclude")?.Boolean() ?? false)
                output = ReasoningOutput.None;

            members.RefuseRest();
        }

        if (fields.Take("include_reasoning") is { } include && !include.Boolean())
            output = ReasoningOutput.None;

        if ((how, output) is not (null, null))
            options.Reasoning = new ReasoningOptions { Effort = how, Output = output };

        thinking.Apply(options);
    }

    // A template takes any value of its variables; one that is no boolean decides nothing beyond it.
    private static void ReadTemplateVariables(RequestFields fields, ChatOptions options, ThinkingSwitch thinking)
    {
        Dictionary<string, object?> variables = [];
        RequestValue? preserve = fields.Take("preserve_thinking");
        if (fields.Take("chat_template_kwargs") is { } value)
        {
            RequestFields members = value.Fields();
            foreach (JsonProperty property in value.Element.EnumerateObject())
                variables[property.Name] = property.Value.Clone();

            if (members.Take(ChatOptionKeys.EnableThinking) is { Element.ValueKind: JsonValueKind.True or JsonValueKind.False } switched)
                thinking.Agree(switched, switched.Boolean());
        }

        // Whether reasoning stays in the history, which templates of newer models let be chosen.
        if (preserve is { } preserved)
        {
            preserved.Boolean();
            variables.TryAdd("preserve_thinking", preserved.Element.Clone());
        }

        if (variables.Count > 0)
            options.AdditionalProperties![ChatOptionKeys.ChatTemplateKwargs] = variables;
    }

    private static void ReadThinking(RequestValue value, ThinkingSwitch thinking)
    {
        RequestFields members = value.Fields();
        RequestValue type = members.Require("type");
        switch (type.String())
        {
            case "enabled":
                thinking.Switch(type, thinks: true);
                break;
            case "disabled":
                thinking.Switch(type, thinks: false);
                break;
            case "adaptive" or "auto":
                // The model decides, as it does where nothing is said.
                break;
            case string other:
                throw type.Invalid($"must be enabled, disabled, adaptive or auto, not '{Excerpt.Of(other)}'.");
        }

        if (members.Take("budget_tokens") is { } budget)
            thinking.Budget(budget);

        members.RefuseRest();
    }

    /// <summary>Keeps a word that the neutral efforts have no member for, for who knows it.</summary>
    public static void KeepWord(RequestValue? effort, ChatOptions options)
    {
        if (effort?.String() is "minimal" or "max")
            (options.AdditionalProperties ??= [])[RemoteOptionKeys.Effort] = effort.Value.String();
    }

    /// <summary>How hard to reason, in the words of the protocol.</summary>
    public static ReasoningEffort ReadEffort(RequestValue value, ThinkingSwitch thinking)
    {
        ReasoningEffort effort = value.String() switch
        {
            "none" => ReasoningEffort.None,
            "minimal" or "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            "xhigh" or "max" => ReasoningEffort.ExtraHigh,
            string other => throw value.Invalid($"must be none, minimal, low, medium, high, xhigh or max, not '{Excerpt.Of(other)}'."),
        };
        thinking.Effort(value, effort);
        return effort;
    }
}
