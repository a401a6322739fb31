using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Ollama;

/// <summary>Ollama's own form.</summary>
internal sealed class OllamaForm(ProviderSettings settings) : WireForm
{
    // A context is made for the prompt, in few sizes: another size loads the model anew.
    private const int SmallestContext = 8192;
    private const int ContextStep = 4;
    private const int LargestContext = 1 << 19;
    private const int UsualAnswer = 2048;
    private const int BytesOfToken = 3;

    public override WireRequest Write(ProviderCall call)
    {
        Losses losses = new();
        AskedOptions asked = new(call);
        JsonObject body = new()
        {
            ["model"] = call.Model,
            ["messages"] = new OllamaMessages(losses).Write(call.Messages),
            ["stream"] = call.Stream,

            // Else a prompt that is too long is cut without a word.
            ["truncate"] = false,
            ["shift"] = false,
        };
        Think(asked.Thinking, body, losses);
        WriteTools(asked, body, losses);
        if (asked.Json is { } json)
        {
            body["format"] = json.Schema is { } schema ? WireNodes.Node(schema) : "json";
            losses.AddIf(json.SchemaName is not null, "response_format.name");
        }

        if (asked.Common.Logprobs)
        {
            body["logprobs"] = true;
            if (asked.Common.TopLogprobs > 0)
                body["top_logprobs"] = asked.Common.TopLogprobs;
        }

        LoseRest(asked, losses);
        body["options"] = Options(asked, WireNodes.Bytes(body).Length);
        asked.AddFields(settings.Kind, body, losses);
        Dictionary<string, string> headers = [];
        if (settings.ApiKey is { } key)
            headers["Authorization"] = $"Bearer {key}";

        return new WireRequest(Address.Of(settings.BaseUrl, "/api/chat"), WireNodes.Bytes(body), losses.Names)
        {
            Headers = headers,
            Streams = call.Stream,
        };
    }

    public override ReplyReader Reader(ProviderCall call) => new OllamaReplyReader(settings, this);

    public override WireReader Events() => new JsonLineReader();

    private static void Think(Thinking thinking, JsonObject body, Losses losses)
    {
        losses.AddIf(thinking.Budget is > 0, ChatOptionKeys.ThinkingBudget);
        if (thinking.IsOn is false)
            body["think"] = false;
        else if (thinking.Nearest("low", "medium", "high", "max") is { } level)
            body["think"] = level;
        else if (thinking.IsOn is true)
            body["think"] = true;
    }

    // That none is to be called can only be said by offering none.
    private static void WriteTools(AskedOptions asked, JsonObject body, Losses losses)
    {
        asked.LoseHosted(losses);
        losses.AddIf(asked.MustCall, "tool_choice");
        losses.AddIf(asked.MustNotCall && asked.Tools.Count > 0, "tools");
        losses.AddIf(asked.Options.AllowMultipleToolCalls is false, "parallel_tool_calls");
        if (asked.MustNotCall || asked.CallableTools.Count == 0)
            return;

        body["tools"] = WireNodes.Array(asked.CallableTools.Select((tool, place) =>
        {
            losses.AddIf(AskedOptions.IsStrict(tool) is true, $"tools[{place}].strict");
            losses.AddIf(tool.CacheLifetime is not null, $"tools[{place}].cache_control");
            JsonObject function = new() { ["name"] = tool.Name };
            if (tool.Description.Length > 0)
                function["description"] = tool.Description;

            function["parameters"] = WireNodes.Node(tool.JsonSchema);
            return new JsonObject { ["type"] = "function", ["function"] = function };
        }));
    }

    private static JsonObject Options(AskedOptions asked, int promptBytes)
    {
        ChatOptions options = asked.Options;
        int wanted = (promptBytes / BytesOfToken) + (options.MaxOutputTokens ?? UsualAnswer), context = SmallestContext;
        while (context < wanted && context < LargestContext)
            context *= ContextStep;

        JsonObject written = new() { ["num_ctx"] = context };
        Add("num_predict", options.MaxOutputTokens);
        Add("temperature", WireNodes.Number(options.Temperature));
        Add("top_p", WireNodes.Number(options.TopP));
        Add("top_k", options.TopK);
        Add("min_p", WireNodes.Number(asked.Common.MinP));
        Add("seed", options.Seed);
        Add("repeat_penalty", WireNodes.Number(asked.Common.RepetitionPenalty));
        Add("presence_penalty", WireNodes.Number(options.PresencePenalty));
        Add("frequency_penalty", WireNodes.Number(options.FrequencyPenalty));
        if (options.StopSequences is { Count: > 0 } stops)
            written["stop"] = WireNodes.Array(stops.Select(stop => (JsonNode)stop));

        return written;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
                written[name] = value;
        }
    }

    private static void LoseRest(AskedOptions asked, Losses losses)
    {
        AdditionalChatOptions common = asked.Common;
        UncarriedOptions.LoseDecoding(common, losses);
        losses.AddIf(common.Grammar is not null, ChatOptionKeys.Grammar);
        UncarriedOptions.LoseCaller(asked.Remote, losses);
    }
}
