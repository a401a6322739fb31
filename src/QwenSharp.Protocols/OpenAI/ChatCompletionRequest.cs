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

    /// <summary>Whether the functions were offered in the older form, and calls are answered in it: <c>function_call</c>.</summary>
    public bool CallsFunctions { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ChatCompletionRequest Read(JsonElement body) => Read(RequestFields.Of(body));

    /// <summary>Reads a request's fields.</summary>
    /// <inheritdoc cref="Read(JsonElement)" path="/exception"/>
    public static ChatCompletionRequest Read(RequestFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        GenerationFields generation = GenerationFields.Read(fields);
        List<ChatMessage> messages = MessageReader.Read(fields.Require("messages"));
        ChatOptions options = generation.Options;

        ReadMaxCompletionTokens(fields, options);
        bool callsFunctions = ToolFields.Read(fields, options);
        ReadLogprobs(fields, options);
        OutputFields.Read(fields, options);
        ReasoningFields.Read(fields, options);
        ReadVerbosity(fields, messages);
        ReadContinuation(fields, messages, options);
        ReadPrediction(fields);
        InertFields.TakeChat(fields);
        fields.RefuseRest();
        return new ChatCompletionRequest { Generation = generation, Messages = messages, CallsFunctions = callsFunctions };
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

    private static void ReadLogprobs(RequestFields fields, ChatOptions options)
    {
        bool logprobs = fields.Take("logprobs")?.Boolean() ?? false;
        if (logprobs)
            options.AdditionalProperties![ChatOptionKeys.Logprobs] = true;

        if (fields.Take("top_logprobs") is not { } value)
            return;

        // Libraries that write every setting write 0 for none.
        int top = (int)value.Integer(0, MaxTopLogprobs);
        if (logprobs)
            options.AdditionalProperties![ChatOptionKeys.TopLogprobs] = top;
        else if (top > 0)
            throw value.Conflict($"{new OptionName(value.Path)} is only allowed when {new OptionName("logprobs")} is true.");
    }

    // Behind the instructions that there are: a conversation that goes on begins with the same text.
    private static void ReadVerbosity(RequestFields fields, List<ChatMessage> messages)
    {
        if (fields.Take("verbosity") is not { } value || Verbosity.Read(value) is not { } sentence)
            return;

        int instructions = messages.TakeWhile(message => message.Role == ChatRole.System).Count();
        messages.Insert(instructions, new ChatMessage(ChatRole.System, sentence));
    }

    // vLLM's fields. A prompt that ends behind the last message without a beginning of the next has no answer of its own.
    private static void ReadContinuation(RequestFields fields, List<ChatMessage> messages, ChatOptions options)
    {
        bool? begins = fields.Take("add_generation_prompt") is { } add ? add.Boolean() : null;
        if (fields.Take("continue_final_message") is { } value && value.Boolean())
        {
            if (begins is true)
            {
                throw value.Conflict(
                    $"{new OptionName(value.Path)} goes on with a message, and {new OptionName("add_generation_prompt")} begins another.");
            }

            if (messages[^1].Role != ChatRole.Assistant)
                throw value.Conflict($"{new OptionName(value.Path)} needs a last message of the assistant's to go on with.");

            options.AdditionalProperties![ChatOptionKeys.ContinueFinalMessage] = true;
        }
        else if (begins is false)
        {
            throw new OptionNotSupportedException(
                "add_generation_prompt",
                "may only be false where 'continue_final_message' is true: else there is no answer to give.");
        }
    }

    // It promises text that the answer will mostly repeat, so that it may come sooner; the answer is the same.
    private static void ReadPrediction(RequestFields fields)
    {
        if (fields.Take("prediction") is not { } value)
            return;

        RequestFields members = value.Fields();
        RequestValue type = members.Require("type"), content = members.Require("content");
        if (type.String() != "content")
            throw type.Invalid($"must be content, not '{Excerpt.Of(type.String())}'.");

        if (content.IsString)
        {
            content.String();
        }
        else
        {
            foreach (RequestValue part in content.Items())
                part.Fields().Require("text").String();
        }

        members.RefuseRest();
    }
}
