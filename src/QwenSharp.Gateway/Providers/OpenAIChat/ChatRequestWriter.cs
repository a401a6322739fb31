using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>Writes a call as a request for a chat completion.</summary>
internal sealed class ChatRequestWriter(ChatHabits habits, ProviderCall call)
{
    private readonly AskedOptions _asked = new(call);
    private readonly Losses _losses = new();
    private readonly JsonObject _body = [];

    public WireRequest Write()
    {
        if (call.Model.Length > 0)
            _body["model"] = call.Model;

        ChatMarks marks = new(habits, call.Model, _losses);
        ChatTools.Write(habits, _asked, _body, marks, _losses);
        _body["messages"] = new ChatMessageWriter(habits, marks, _losses).Write(call.Messages);
        WriteSampling();
        WriteFormat();
        habits.Think(_asked.Thinking, _body, _losses);
        WriteAccount();
        if (_asked.Continues && ((JsonArray)_body["messages"]!)[^1] is JsonObject last)
            habits.Continue(last, _body, _losses);

        bool streams = habits.Streams(call, _asked);
        if (streams)
        {
            _body["stream"] = true;
            if (habits.AsksForUsage)
                _body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        habits.Complete(_body, _asked, _losses);
        _asked.LoseHosted(_losses);
        _asked.AddFields(habits.Settings.Kind, _body, _losses);
        Dictionary<string, string> headers = [];
        habits.Authorize(headers);
        return new WireRequest(Address.Of(habits.Settings.BaseUrl, habits.Path(call)), WireNodes.Bytes(_body), _losses.Names)
        {
            Headers = headers,
            Streams = streams,
        };
    }

    private void WriteSampling()
    {
        ChatOptions options = _asked.Options;
        if (options.MaxOutputTokens is { } limit)
            _body[habits.MaxTokens] = limit;

        if (options.Temperature is { } temperature)
        {
            _body["temperature"] = WireNodes.Number(Math.Min(temperature, habits.MaxTemperature));
            _losses.AddIf(temperature > habits.MaxTemperature, "temperature");
        }

        if (options.TopP is { } topP)
            _body["top_p"] = WireNodes.Number(topP);

        Write("top_k", options.TopK);
        Write(ChatOptionKeys.MinP, WireNodes.Number(_asked.Common.MinP));
        Write("seed", options.Seed);
        Write("frequency_penalty", WireNodes.Number(options.FrequencyPenalty));
        Write("presence_penalty", WireNodes.Number(options.PresencePenalty));
        Write(ChatOptionKeys.RepetitionPenalty, WireNodes.Number(_asked.Common.RepetitionPenalty));
        if (options.StopSequences is { Count: > 0 } stops)
        {
            _body["stop"] = WireNodes.Array(stops.Take(habits.MaxStops).Select(stop => (JsonNode)stop));
            _losses.AddIf(stops.Count > habits.MaxStops, "stop");
        }

        if (_asked.Common.StopTokens is { Count: > 0 } tokens)
            Write(ChatOptionKeys.StopTokens, WireNodes.Array(tokens.Select(token => (JsonNode)token)));

        if (_asked.Common.IgnoreEndOfSequence)
            Write(ChatOptionKeys.IgnoreEndOfSequence, true);

        if (_asked.Common.LogitBias is { Count: > 0 } bias)
        {
            Write(ChatOptionKeys.LogitBias, new JsonObject(bias.Select(
                entry => KeyValuePair.Create($"{entry.Key}", WireNodes.Number(entry.Value)))));
        }

        if (_asked.Common.Logprobs)
        {
            Write(ChatOptionKeys.Logprobs, true);
            if (_asked.Common.TopLogprobs > 0 && habits.Takes.Contains(ChatOptionKeys.Logprobs))
                _body[ChatOptionKeys.TopLogprobs] = _asked.Common.TopLogprobs;
        }

        if (_asked.Common.ChatTemplateKwargs is { Count: > 0 } variables)
            Write(ChatOptionKeys.ChatTemplateKwargs, WireNodes.Object(variables));
    }

    private void WriteFormat()
    {
        if (_asked.Common.Grammar is { } grammar)
            habits.Constrain(grammar, _body, _losses);

        if (_asked.Json is not { } json)
            return;

        if (json.Schema is not { } schema || !habits.Takes.Contains("json_schema"))
        {
            _losses.AddIf(json.Schema is not null, "response_format.json_schema");
            _body["response_format"] = new JsonObject { ["type"] = "json_object" };
            return;
        }

        JsonObject format = new() { ["name"] = json.SchemaName ?? "answer" };
        if (json.SchemaDescription is { } description)
            format["description"] = description;

        format["strict"] = true;
        format["schema"] = WireNodes.Node(schema);
        _body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = format };
    }

    private void WriteAccount()
    {
        RemoteChatOptions remote = _asked.Remote;
        Write(RemoteOptionKeys.User, remote.User);
        if (remote.Metadata.Count > 0)
            Write(RemoteOptionKeys.Metadata, WireNodes.Object(remote.Metadata));

        Write(RemoteOptionKeys.ServiceTier, remote.ServiceTier);
        Write(RemoteOptionKeys.Verbosity, remote.Verbosity);
        Write(RemoteOptionKeys.PromptCacheKey, remote.PromptCacheKey);
        Write(RemoteOptionKeys.PromptCacheRetention, remote.PromptCacheRetention);
    }

    private void Write(string field, JsonNode? value)
    {
        if (value is null)
            return;

        if (habits.Takes.Contains(field))
            _body[habits.Spell(field)] = value;
        else
            _losses.Add(field);
    }
}
