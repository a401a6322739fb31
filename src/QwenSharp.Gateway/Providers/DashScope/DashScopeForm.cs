using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Errors;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.DashScope;

/// <summary>Alibaba Model Studio in its own form: options stand under <c>parameters</c>, and streams are asked for by a header.</summary>
internal sealed partial class DashScopeForm(ProviderSettings settings) : WireForm
{
    public override WireRequest Write(ProviderCall call)
    {
        Losses losses = new();
        AskedOptions asked = new(call);
        bool isMultimodal = Multimodal().IsMatch(call.Model)
            || call.Messages.Any(message => message.Contents.Any(content => Media.Of(content) is not null));

        // Many models think only in a stream.
        bool streams = call.Stream || asked.Thinking.IsOn is not false;
        GenerationMessages messages = new(isMultimodal, losses);
        JsonObject input = new() { ["messages"] = messages.Write(call.Messages, asked.Continues) };
        JsonObject body = new()
        {
            ["model"] = call.Model,
            ["input"] = input,
            ["parameters"] = Parameters(asked, streams, losses),
        };
        asked.AddFields(settings.Kind, body, losses);
        Dictionary<string, string> headers = [];
        if (settings.ApiKey is { } key)
            headers["Authorization"] = $"Bearer {key}";

        if (streams)
            headers["X-DashScope-SSE"] = "enable";

        string kind = isMultimodal ? "multimodal" : "text";
        return new WireRequest(
            Address.Of(settings.BaseUrl, $"/api/v1/services/aigc/{kind}-generation/generation"), WireNodes.Bytes(body), losses.Names)
        {
            Headers = headers,
            Streams = streams,
        };
    }

    public override ReplyReader Reader(ProviderCall call) => new DashScopeReplyReader(settings, this);

    public override ProviderErrorKind? Classify(ErrorBody body) => ModelStudio.Classify(settings, body);

    private static JsonObject Parameters(AskedOptions asked, bool streams, Losses losses)
    {
        ChatOptions options = asked.Options;
        JsonObject parameters = new() { ["result_format"] = "message" };
        if (streams)
            parameters["incremental_output"] = true;

        if (options.Temperature is { } temperature)
        {
            parameters["temperature"] = WireNodes.Number(Math.Min(temperature, ModelStudio.MaxTemperature));
            losses.AddIf(temperature > ModelStudio.MaxTemperature, "temperature");
        }

        Add("top_p", WireNodes.Number(options.TopP));
        Add("top_k", options.TopK);
        Add("seed", options.Seed);
        Add("max_tokens", options.MaxOutputTokens);
        if (options.StopSequences is { Count: > 0 } stops)
            parameters["stop"] = WireNodes.Array(stops.Select(stop => (JsonNode)stop));

        Add("repetition_penalty", WireNodes.Number(asked.Common.RepetitionPenalty));
        Add("presence_penalty", WireNodes.Number(options.PresencePenalty));
        if (asked.Common.Logprobs)
        {
            parameters["logprobs"] = true;
            if (asked.Common.TopLogprobs > 0)
                parameters[ChatOptionKeys.TopLogprobs] = asked.Common.TopLogprobs;
        }

        ModelStudio.Think(asked.Thinking, parameters, losses);
        WriteTools(asked, parameters, losses);
        if (asked.Json is { } json)
            parameters["response_format"] = Format(json);

        ModelStudio.Complete(parameters, asked, losses);
        LoseRest(asked, losses);
        return parameters;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
                parameters[name] = value;
        }
    }

    private static void WriteTools(AskedOptions asked, JsonObject parameters, Losses losses)
    {
        IReadOnlyList<AIFunctionDeclaration> tools = asked.CallableTools;
        asked.LoseHosted(losses);
        if (tools.Count == 0)
            return;

        parameters["tools"] = WireNodes.Array(tools.Select((tool, place) =>
        {
            losses.AddIf(AskedOptions.IsStrict(tool) is true, $"tools[{place}].strict");
            losses.AddIf(tool.CacheLifetime is not null, $"tools[{place}].cache_control");
            JsonObject function = new() { ["name"] = tool.Name };
            if (tool.Description.Length > 0)
                function["description"] = tool.Description;

            function["parameters"] = WireNodes.Node(tool.JsonSchema);
            return new JsonObject { ["type"] = "function", ["function"] = function };
        }));
        if (asked.RequiredTool is { } name)
            parameters["tool_choice"] = new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } };
        else if (asked.MustNotCall)
            parameters["tool_choice"] = "none";
        else if (asked.Options.ToolMode is AutoChatToolMode)
            parameters["tool_choice"] = "auto";

        losses.AddIf(asked.MustCall && asked.RequiredTool is null, "tool_choice");
        if (asked.Options.AllowMultipleToolCalls is { } several)
            parameters["parallel_tool_calls"] = several;
    }

    private static JsonObject Format(ChatResponseFormatJson json) => json.Schema is not { } schema
        ? new JsonObject { ["type"] = "json_object" }
        : new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject
            {
                ["name"] = json.SchemaName ?? "answer",
                ["strict"] = true,
                ["schema"] = WireNodes.Node(schema),
            },
        };

    private static void LoseRest(AskedOptions asked, Losses losses)
    {
        AdditionalChatOptions common = asked.Common;
        losses.AddIf(asked.Options.FrequencyPenalty is not null, "frequency_penalty");
        losses.AddIf(common.MinP is not null, ChatOptionKeys.MinP);
        UncarriedOptions.LoseDecoding(common, losses);
        losses.AddIf(common.Grammar is not null, ChatOptionKeys.Grammar);
        UncarriedOptions.LoseCaller(asked.Remote, losses);
    }

    // Models that see and hear have an address of their own, and so do those that came after they could.
    [GeneratedRegex(@"-vl\b|\bvl-|omni|qvq|ocr|audio|asr|qwen3\.[5-9]-plus|qwen3\.[67]")]
    private static partial Regex Multimodal();
}
