using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.OpenAIChat.Habits;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIResponses;

/// <summary>OpenAI's responses. Nothing is kept there: what the model thought comes back encrypted and goes with the next call.</summary>
internal sealed class ResponsesForm(ProviderSettings settings) : WireForm
{
    public override WireRequest Write(ProviderCall call)
    {
        Losses losses = new();
        AskedOptions asked = new(call);
        InputItems items = new(ProviderKinds.Word(settings.Kind), OpenAIModels.TakesMarks(call.Model), losses);
        JsonObject body = new() { ["model"] = call.Model, ["input"] = items.Write(call.Messages), ["store"] = false };
        JsonArray include = ["reasoning.encrypted_content"];
        WriteSampling(asked, body, include, losses);
        body["include"] = include;
        WriteReasoning(asked.Thinking, call.Model, body, losses);
        WriteText(asked, body);
        ResponseTools.Write(asked, body, losses);
        WriteAccount(asked, body);
        losses.AddIf(asked.Continues, ChatOptionKeys.ContinueFinalMessage);
        if (call.Stream)
            body["stream"] = true;

        asked.AddFields(settings.Kind, body, losses);
        Dictionary<string, string> headers = [];
        new OpenAIHabits(settings).Authorize(headers);
        return new WireRequest(Address.Of(settings.BaseUrl, "/v1/responses"), WireNodes.Bytes(body), losses.Names)
        {
            Headers = headers,
            Streams = call.Stream,
        };
    }

    public override ReplyReader Reader(ProviderCall call) => new ResponseReader(settings, this);

    private static void WriteSampling(AskedOptions asked, JsonObject body, JsonArray include, Losses losses)
    {
        ChatOptions options = asked.Options;
        if (options.MaxOutputTokens is { } limit)
            body["max_output_tokens"] = limit;

        if (options.Temperature is { } temperature)
            body["temperature"] = WireNodes.Number(Math.Min(temperature, 2));

        if (options.TopP is { } topP)
            body["top_p"] = WireNodes.Number(topP);

        if (asked.Common.Logprobs)
        {
            include.Add((JsonNode)"message.output_text.logprobs");
            if (asked.Common.TopLogprobs > 0)
                body["top_logprobs"] = asked.Common.TopLogprobs;
        }

        losses.AddIf(options.Temperature > 2, "temperature");
        losses.AddIf(options.TopK is not null, "top_k");
        losses.AddIf(options.StopSequences is { Count: > 0 }, "stop");
        losses.AddIf(options.Seed is not null, "seed");
        losses.AddIf(options.FrequencyPenalty is not null, "frequency_penalty");
        losses.AddIf(options.PresencePenalty is not null, "presence_penalty");
        AdditionalChatOptions common = asked.Common;
        losses.AddIf(common.MinP is not null, ChatOptionKeys.MinP);
        losses.AddIf(common.RepetitionPenalty is not null, ChatOptionKeys.RepetitionPenalty);
        UncarriedOptions.LoseDecoding(common, losses);
        losses.AddIf(common.Grammar is not null, ChatOptionKeys.Grammar);
    }

    private static void WriteReasoning(Thinking thinking, string model, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        JsonObject reasoning = [];
        if (thinking.Effort is { } effort)
            reasoning["effort"] = effort;
        else if (thinking.IsOn is false && OpenAIModels.CanBeStill(model))
            reasoning["effort"] = "none";
        else
            losses.AddIf(thinking.IsOn is false && OpenAIModels.AlwaysReasons(model), ChatOptionKeys.EnableThinking);

        if (thinking.Output is ReasoningOutput.Summary or ReasoningOutput.Full)
            reasoning["summary"] = thinking.Output == ReasoningOutput.Full ? "detailed" : "auto";

        if (reasoning.Count > 0)
            body["reasoning"] = reasoning;
    }

    private static void WriteText(AskedOptions asked, JsonObject body)
    {
        JsonObject text = [];
        if (asked.Json is { } json)
        {
            text["format"] = json.Schema is not { } schema ? new JsonObject { ["type"] = "json_object" } : Format(json, schema);
        }

        if (asked.Remote.Verbosity is { } verbosity)
            text["verbosity"] = verbosity;

        if (text.Count > 0)
            body["text"] = text;

        static JsonObject Format(ChatResponseFormatJson json, System.Text.Json.JsonElement schema)
        {
            JsonObject format = new() { ["type"] = "json_schema", ["name"] = json.SchemaName ?? "answer" };
            if (json.SchemaDescription is { } description)
                format["description"] = description;

            format["strict"] = true;
            format["schema"] = WireNodes.Node(schema);
            return format;
        }
    }

    private static void WriteAccount(AskedOptions asked, JsonObject body)
    {
        RemoteChatOptions remote = asked.Remote;
        if (remote.User is { } user)
            body["user"] = user;

        if (remote.Metadata.Count > 0)
            body["metadata"] = WireNodes.Object(remote.Metadata);

        if (remote.ServiceTier is { } tier)
            body["service_tier"] = tier;

        if (remote.PromptCacheKey is { } key)
            body["prompt_cache_key"] = key;

        if (remote.PromptCacheRetention is { } retention)
            body["prompt_cache_retention"] = retention;
    }
}
