using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Bedrock;

/// <summary>Bedrock's form for the models of all makers.</summary>
internal sealed class ConverseForm(ProviderSettings settings) : WireForm
{
    public override WireRequest Write(ProviderCall call)
    {
        Losses losses = new();
        AskedOptions asked = new(call);
        JsonObject body = [];
        ConverseWriter messages = new(ProviderKinds.Word(settings.Kind), losses);
        messages.Write(call.Messages);
        if (messages.System.Count > 0)
            body["system"] = messages.System;

        body["messages"] = messages.Messages;
        if (Inference(asked) is { Count: > 0 } inference)
            body["inferenceConfig"] = inference;

        if (Tools(asked, losses) is { } tools)
            body["toolConfig"] = tools;

        if (More(asked) is { Count: > 0 } more)
        {
            body["additionalModelRequestFields"] = more;
            body["additionalModelResponseFieldPaths"] = new JsonArray("/stop_sequence");
        }

        if (Output(asked) is { Count: > 0 } output)
            body["outputConfig"] = output;

        if (asked.Remote.Metadata.Count > 0)
            body["requestMetadata"] = WireNodes.Object(asked.Remote.Metadata);

        if (asked.Remote.ServiceTier is { } tier)
            body["serviceTier"] = new JsonObject { ["type"] = tier };

        LoseRest(asked, losses);
        asked.AddFields(settings.Kind, body, losses);
        return BedrockRequests.Write(settings, call, call.Stream ? "converse-stream" : "converse", body, losses);
    }

    public override ReplyReader Reader(ProviderCall call) => new ConverseReplyReader(settings, this);

    public override WireReader Events() => new AwsEventReader();

    private static JsonObject Inference(AskedOptions asked)
    {
        JsonObject written = [];
        if (asked.Options.MaxOutputTokens is { } limit)
            written["maxTokens"] = limit;

        if (asked.Options.Temperature is { } temperature)
            written["temperature"] = WireNodes.Number(Math.Min(temperature, 1));

        if (asked.Options.TopP is { } topP)
            written["topP"] = WireNodes.Number(topP);

        if (asked.Options.StopSequences is { Count: > 0 } stops)
            written["stopSequences"] = WireNodes.Array(stops.Take(4).Select(stop => (JsonNode)stop));

        return written;
    }

    private static JsonObject? Tools(AskedOptions asked, Losses losses)
    {
        // That none is to be called can only be said by offering none.
        IReadOnlyList<AIFunctionDeclaration> tools = asked.CallableTools;
        asked.LoseHosted(losses);
        losses.AddIf(tools.Count > 0 && asked.MustNotCall, "tools");
        if (tools.Count == 0 || asked.MustNotCall)
            return null;

        JsonArray written = [];
        for (int i = 0; i < tools.Count; i++)
        {
            AIFunctionDeclaration tool = tools[i];
            JsonObject spec = new() { ["name"] = tool.Name };
            if (tool.Description.Length > 0)
                spec["description"] = tool.Description;

            spec["inputSchema"] = new JsonObject { ["json"] = WireNodes.Node(tool.JsonSchema) };
            losses.AddIf(AskedOptions.IsStrict(tool) is true, $"tools[{i}].strict");
            written.Add((JsonNode)new JsonObject { ["toolSpec"] = spec });
            if (tool.CacheLifetime is { } lifetime)
                written.Add((JsonNode)ConverseWriter.CachePoint(lifetime));
        }

        JsonObject config = new() { ["tools"] = written };
        if (asked.RequiredTool is { } name)
            config["toolChoice"] = new JsonObject { ["tool"] = new JsonObject { ["name"] = name } };
        else if (asked.MustCall)
            config["toolChoice"] = new JsonObject { ["any"] = new JsonObject() };
        else if (asked.Options.ToolMode is AutoChatToolMode)
            config["toolChoice"] = new JsonObject { ["auto"] = new JsonObject() };

        return config;
    }

    // What only the maker of the model knows.
    private static JsonObject More(AskedOptions asked)
    {
        JsonObject more = [];
        if (asked.Options.TopK is { } topK)
            more["top_k"] = topK;

        if (asked.Thinking is { IsOn: true, Budget: { } budget })
            more["thinking"] = new JsonObject { ["type"] = "enabled", ["budget_tokens"] = budget };
        else if (asked.Thinking.IsOn is { } on)
            more["thinking"] = new JsonObject { ["type"] = on ? "adaptive" : "disabled" };

        return more;
    }

    private static JsonObject Output(AskedOptions asked)
    {
        JsonObject output = [];
        if (asked.Thinking.Nearest("low", "medium", "high", "xhigh", "max") is { } effort && asked.Thinking.Effort != "none")
            output["effort"] = effort;

        if (asked.Json is { Schema: { } schema } json)
        {
            JsonObject form = new() { ["schema"] = schema.GetRawText(), ["name"] = json.SchemaName ?? "answer" };
            output["textFormat"] = new JsonObject
            {
                ["type"] = "json_schema",
                ["structure"] = new JsonObject { ["jsonSchema"] = form },
            };
        }

        return output;
    }

    private static void LoseRest(AskedOptions asked, Losses losses)
    {
        ChatOptions options = asked.Options;
        losses.AddIf(options.Temperature > 1, "temperature");
        losses.AddIf(options.StopSequences?.Count > 4, "stop");
        losses.AddIf(options.Seed is not null, "seed");
        losses.AddIf(options.FrequencyPenalty is not null, "frequency_penalty");
        losses.AddIf(options.PresencePenalty is not null, "presence_penalty");
        losses.AddIf(options.AllowMultipleToolCalls is false, "parallel_tool_calls");
        losses.AddIf(asked.Json is { Schema: null }, "response_format");
        losses.AddIf(asked.Remote.User is not null, RemoteOptionKeys.User);
        losses.AddIf(asked.Common.Grammar is not null, ChatOptionKeys.Grammar);
        losses.AddIf(asked.Common.Logprobs, ChatOptionKeys.Logprobs);
        UncarriedOptions.Lose(asked, losses);
    }
}
