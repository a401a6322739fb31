using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A <c>POST /v1/chat/completions</c>, in neutral chat types.</summary>
public sealed record ChatCompletionRequest
{
    private const int MaxTopLogprobs = 20;

    /// <summary>What is common to chat and plain completions.</summary>
    public required GenerationFields Generation { get; init; }

    /// <summary>The conversation, at least one message.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ChatCompletionRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        GenerationFields generation = GenerationFields.Read(fields);
        List<ChatMessage> messages = MessageReader.Read(fields.Require("messages"));
        ChatOptions options = generation.Options;

        ReadMaxCompletionTokens(fields, options);
        ReadTools(fields, options);
        ReadLogprobs(fields, options);
        ReadTemplateVariables(fields, options);
        ReadReasoningEffort(fields, options);
        RefuseWhatIsNotText(fields);
        fields.RefuseRest();
        return new ChatCompletionRequest { Generation = generation, Messages = messages };
    }

    private static void ReadMaxCompletionTokens(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("max_completion_tokens") is not { } value)
            return;

        int limit = (int)value.Integer(1, int.MaxValue);
        if (options.MaxOutputTokens is { } other && limit != other)
        {
            OptionName name = new(value.Path);
            throw value.Conflict($"{name} and {new OptionName("max_tokens")} differ. Give only {name}.");
        }

        options.MaxOutputTokens = limit;
    }

    private static void ReadTools(RequestFields fields, ChatOptions options)
    {
        RequestValue? list = fields.Take("tools");
        List<AITool>? tools = list is { } given ? ToolReader.Read(given) : null;
        fields.Refuse("parallel_tool_calls", value => value.ValueKind == JsonValueKind.True,
            "is not honoured: the model decides how many tools it calls. Only true is accepted.");
        if (fields.Take("tool_choice") is not { } choice)
        {
            options.Tools = tools;
            return;
        }

        if (list is null)
            throw choice.Conflict($"{new OptionName(choice.Path)} is only allowed when {new OptionName("tools")} are given.");

        if (!choice.IsString || choice.String() is not ("auto" or "none"))
            throw choice.Unsupported("may be \"auto\" or \"none\"; a call cannot be forced yet.");

        options.Tools = tools;
        options.ToolMode = tools is null ? null : choice.String() == "auto" ? ChatToolMode.Auto : ChatToolMode.None;
    }

    private static void ReadLogprobs(RequestFields fields, ChatOptions options)
    {
        bool logprobs = fields.Take("logprobs")?.Boolean() ?? false;
        if (logprobs)
            options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;

        if (fields.Take("top_logprobs") is not { } value)
            return;

        long top = value.Integer(0, MaxTopLogprobs);
        if (!logprobs)
            throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("logprobs")} is true.");

        options.AdditionalProperties![ChatOptionKeys.TopLogprobs] = (int)top;
    }

    // chat_template_kwargs is vLLM's field; enable_thinking is how Qwen's own cloud spells its best known member.
    private static void ReadTemplateVariables(RequestFields fields, ChatOptions options)
    {
        Dictionary<string, object?> variables = [];
        if (fields.Take("chat_template_kwargs") is { } value)
        {
            value.Fields();
            foreach (JsonProperty property in value.Element.EnumerateObject())
                variables[property.Name] = property.Value.Clone();
        }

        if (fields.Take("enable_thinking") is { } thinking)
        {
            if (variables.ContainsKey(ChatOptionKeys.EnableThinking))
                throw thinking.Invalid("is given twice: here and in 'chat_template_kwargs'.");

            thinking.Boolean();
            variables[ChatOptionKeys.EnableThinking] = thinking.Element.Clone();
        }

        if (variables.Count > 0)
            options.AdditionalProperties![ChatOptionKeys.ChatTemplateKwargs] = variables;
    }

    // Qwen models reason or do not: "none" turns it off, every other effort is the one that they make.
    private static void ReadReasoningEffort(RequestFields fields, ChatOptions options)
    {
        if (fields.Take("reasoning_effort") is not { } value)
            return;

        options.Reasoning = new ReasoningOptions
        {
            Effort = value.String() switch
            {
                "none" => ReasoningEffort.None,
                "minimal" or "low" => ReasoningEffort.Low,
                "medium" => ReasoningEffort.Medium,
                "high" => ReasoningEffort.High,
                "xhigh" => ReasoningEffort.ExtraHigh,
                string other => throw value.Invalid(
                    $"must be none, minimal, low, medium, high or xhigh, not '{Excerpt.Of(other)}'."),
            },
        };
    }

    private static void RefuseWhatIsNotText(RequestFields fields)
    {
        if (fields.Take("response_format") is { } format)
        {
            RequestFields members = format.Fields();
            RequestValue type = members.Require("type");
            if (type.String() != "text")
                throw type.Unsupported($"may only be \"text\"; \"{Excerpt.Of(type.String())}\" is not built yet.");

            members.RefuseRest();
        }

        fields.Refuse(
            "verbosity",
            verbosity => verbosity.ValueKind == JsonValueKind.String && verbosity.ValueEquals("medium"),
            "is not honoured: how much is said is for the conversation to ask. Only \"medium\" is accepted.");
        fields.Refuse("modalities", IsTextOnly, "is not honoured: this server writes text. Only [\"text\"] is accepted.");
    }

    private static bool IsTextOnly(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.GetArrayLength() == 1
        && value[0].ValueKind == JsonValueKind.String
        && value[0].GetString() == "text";
}
