using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>Writes a call as the body of a request for a message, without what depends on the envelope.</summary>
internal sealed class MessagesRequestWriter(ProviderCall call, string origin, bool takesAddresses, Losses losses)
{
    // A limit must be given. Today's models have more, and who knows of them says so.
    private const int UsualLimit = 16384;

    private readonly AskedOptions _asked = new(call);
    private readonly ClaudeModel _model = ClaudeModel.Of(call.Model);
    private readonly JsonObject _body = [];

    public JsonObject Write()
    {
        ClaudeThinking thinking = ClaudeThinking.Of(call, _asked, _model, origin, UsualLimit, losses);
        _body["max_tokens"] = thinking.Limit;
        CacheMarks marks = new(losses);
        WriteTools(thinking, marks);
        MessagesWriter messages = new(origin, takesAddresses, marks, losses);
        messages.Write(call.Messages, _asked.Continues);
        if (messages.System is { } system)
            _body["system"] = system;

        _body["messages"] = messages.Messages;
        thinking.Write(_body);
        WriteSampling(thinking);
        WriteFormat();
        WriteAccount();
        LoseRest();
        return _body;
    }

    private void WriteTools(ClaudeThinking thinking, CacheMarks marks)
    {
        IReadOnlyList<AIFunctionDeclaration> tools = _asked.CallableTools;
        _asked.LoseHosted(losses);
        if (tools.Count == 0)
            return;

        _body["tools"] = WireNodes.Array(tools.Select((tool, place) =>
        {
            JsonObject written = new() { ["name"] = tool.Name };
            if (tool.Description.Length > 0)
                written["description"] = tool.Description;

            written["input_schema"] = WireNodes.Node(tool.JsonSchema);
            if (AskedOptions.IsStrict(tool) is true)
                written["strict"] = true;

            marks.Write(written, tool.CacheLifetime, $"tools[{place}]");
            return written;
        }));

        bool one = _asked.Options.AllowMultipleToolCalls is false;
        JsonObject? choice = _asked switch
        {
            { MustNotCall: true } => new JsonObject { ["type"] = "none" },
            { MustCall: true } when _model.RefusesForcedCalls => Lost(),
            { RequiredTool: { } name } => new JsonObject { ["type"] = "tool", ["name"] = name },
            { MustCall: true } => new JsonObject { ["type"] = "any" },
            { Options.ToolMode: AutoChatToolMode } => new JsonObject { ["type"] = "auto" },
            _ => one ? new JsonObject { ["type"] = "auto" } : null,
        };
        if (one && !_asked.MustNotCall && choice is not null)
            choice["disable_parallel_tool_use"] = true;

        if (choice is not null)
            _body["tool_choice"] = choice;

        JsonObject Lost()
        {
            losses.Add("tool_choice");
            return new JsonObject { ["type"] = "auto" };
        }
    }

    private void WriteSampling(ClaudeThinking thinking)
    {
        ChatOptions options = _asked.Options;
        bool mayDraw = !_model.RefusesSampling && !thinking.IsOn;
        if (options.Temperature is { } temperature && Keep(mayDraw, "temperature"))
        {
            _body["temperature"] = WireNodes.Number(Math.Min(temperature, 1));
            losses.AddIf(temperature > 1, "temperature");
        }

        bool hasTemperature = _body.ContainsKey("temperature");
        if (options.TopP is { } topP && Keep(!_model.RefusesSampling && !(hasTemperature && _model.RefusesBoth), "top_p"))
            _body["top_p"] = WireNodes.Number(topP);

        if (options.TopK is { } topK && Keep(mayDraw, "top_k"))
            _body["top_k"] = topK;

        if (options.StopSequences is { Count: > 0 } stops)
            _body["stop_sequences"] = WireNodes.Array(stops.Select(stop => (JsonNode)stop));
    }

    private void WriteFormat()
    {
        if (_asked.Json is not { } json)
            return;

        if (json.Schema is not { } schema)
        {
            losses.Add("response_format");
            return;
        }

        losses.AddIf(json.SchemaName is not null, "response_format.name");
        if (_body["output_config"] is not JsonObject output)
            _body["output_config"] = output = [];

        output["format"] = new JsonObject { ["type"] = "json_schema", ["schema"] = WireNodes.Node(schema) };
    }

    private void WriteAccount()
    {
        if (_asked.Remote.User is { } user)
            _body["metadata"] = new JsonObject { ["user_id"] = user };

        if (_asked.Remote.ServiceTier is { } tier && Keep(tier is "auto" or "standard_only" or "default", "service_tier"))
            _body["service_tier"] = tier == "default" ? "standard_only" : tier;
    }

    private void LoseRest()
    {
        ChatOptions options = _asked.Options;
        losses.AddIf(_asked.Remote.Metadata.Count > 0, RemoteOptionKeys.Metadata);
        losses.AddIf(options.Seed is not null, "seed");
        losses.AddIf(options.FrequencyPenalty is not null, "frequency_penalty");
        losses.AddIf(options.PresencePenalty is not null, "presence_penalty");
        UncarriedOptions.Lose(_asked, losses);
        losses.AddIf(_asked.Common.Grammar is not null, ChatOptionKeys.Grammar);
        losses.AddIf(_asked.Common.Logprobs, ChatOptionKeys.Logprobs);
    }

    private bool Keep(bool can, string name)
    {
        losses.AddIf(!can, name);
        return can;
    }
}
