using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>
/// A response as it is written: parts of an answer as events of items, of which one is open at a time, and the response around them.
/// </summary>
/// <param name="request">What was asked.</param>
/// <param name="model">Who answers.</param>
public sealed class ResponseWriter(ResponsesRequest request, string model)
{
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly JsonArray _output = [];
    private readonly List<JsonElement> _said = [];
    private readonly StringBuilder _text = new();
    private JsonArray _logprobs = [];
    private Kind _open;
    private CallWriter? _call;
    private TextReasoningContent? _protected;
    private string _itemId = "";
    private int _sequence;
    private bool _answered;

    private enum Kind
    {
        None,
        Thought,
        Text,
        Call,
    }

    /// <summary>The response's name.</summary>
    public string Id { get; } = NewId("resp");

    /// <summary>The items of the response as a later prompt repeats them: with their thoughts, whatever the client sees of them.</summary>
    public IReadOnlyList<JsonElement> Said => _said;

    /// <summary>The response so far.</summary>
    public JsonObject Response(string status, ReplyUsage? usage = null, string? incomplete = null, OpenAIError? error = null)
    {
        JsonObject response = new()
        {
            ["id"] = Id,
            ["object"] = "response",
            ["created_at"] = _created,
            ["status"] = status,
            ["completed_at"] = status == "completed" ? DateTimeOffset.UtcNow.ToUnixTimeSeconds() : null,
            ["error"] = error is null ? null : new JsonObject { ["code"] = "server_error", ["message"] = error.Message },
            ["incomplete_details"] = incomplete is null ? null : new JsonObject { ["reason"] = incomplete },
            ["model"] = model,
            ["output"] = _output.DeepClone(),
            ["usage"] = usage is null ? null : Usage(usage),
        };
        foreach ((string name, JsonNode? value) in request.Repeated)
            response[name] = value?.DeepClone();

        return response;
    }

    /// <summary>The events with which a response begins.</summary>
    public IEnumerable<ResponseEvent> Begin() => [Whole("response.created", "in_progress"), Alive()];

    /// <summary>That the response is on its way.</summary>
    public ResponseEvent Alive() => Whole("response.in_progress", "in_progress");

    /// <summary>The events of a part.</summary>
    public IEnumerable<ResponseEvent> Write(AnswerPart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        if (part.Reasoning.Length > 0)
        {
            foreach (ResponseEvent written in Open(Kind.Thought))
                yield return written;

            _text.Append(part.Reasoning);
            yield return request.Summarizes
                ? Delta("response.reasoning_summary_text.delta", part.Reasoning, ("summary_index", 0))
                : Delta("response.reasoning_text.delta", part.Reasoning, ("content_index", 0));
        }

        if (part.Protected is { } kept)
        {
            foreach (ResponseEvent written in Open(Kind.Thought))
                yield return written;

            _protected = kept;
            foreach (ResponseEvent written in Close("completed"))
                yield return written;
        }

        if (part.Text.Length > 0)
        {
            foreach (ResponseEvent written in Open(Kind.Text))
                yield return written;

            _text.Append(part.Text);
            JsonArray logprobs = request.Logprobs ? Probabilities(part.Tokens) : [];
            foreach (JsonNode? one in logprobs)
                _logprobs.Add(one!.DeepClone());

            yield return Delta("response.output_text.delta", part.Text, ("content_index", 0), ("logprobs", logprobs));
        }

        foreach (CallPart call in part.Calls)
        {
            foreach (ResponseEvent written in call.Begins ? Close("completed").Concat(Open(call)) : [])
                yield return written;

            if (_call!.Add(call) is { Length: > 0 } more)
                yield return Delta($"{_call.Kind}.delta", more);

            foreach (ResponseEvent written in call.Whole is null ? [] : Close("completed"))
                yield return written;
        }
    }

    /// <summary>The events with which a response ends.</summary>
    public IEnumerable<ResponseEvent> End(ChatFinishReason finish, ReplyUsage usage)
    {
        string? incomplete = FinishReasons.Word(finish) switch
        {
            "length" => "max_output_tokens",
            "content_filter" => "content_filter",
            _ => null,
        };
        string status = incomplete is null ? "completed" : "incomplete";

        // An answer without a word is an empty message: clients look for one.
        IEnumerable<ResponseEvent> empty = _answered || _open == Kind.Text ? [] : Open(Kind.Text);
        foreach (ResponseEvent written in empty.Concat(Close(status)))
            yield return written;

        yield return Event($"response.{status}", ("response", Response(status, usage, incomplete)));
    }

    /// <summary>The events with which a response ends that failed on its way.</summary>
    public IEnumerable<ResponseEvent> Fail(OpenAIError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        yield return Event("error", ("code", error.Code), ("message", error.Message), ("param", error.Param));
        yield return Event("response.failed", ("response", Response("failed", error: error)));
    }

    private IEnumerable<ResponseEvent> Open(CallPart call)
    {
        (_open, _answered) = (Kind.Call, true);
        _call = new CallWriter(call, request.Tools.Called(call.Name));
        _itemId = NewId(_call.IdPrefix);
        yield return Event("response.output_item.added", ("output_index", _output.Count), ("item", _call.Item(_itemId, "in_progress")));
    }

    private IEnumerable<ResponseEvent> Open(Kind kind)
    {
        if (_open == kind)
            yield break;

        foreach (ResponseEvent written in Close("completed"))
            yield return written;

        _open = kind;
        _itemId = NewId(kind == Kind.Text ? "msg" : "rs");
        yield return Event(
            "response.output_item.added",
            ("output_index", _output.Count),
            ("item", kind == Kind.Text ? Message("in_progress", []) : Thought([], [])));
        yield return kind == Kind.Thought && request.Summarizes
            ? InItem("response.reasoning_summary_part.added", ("summary_index", 0), ("part", Part()))
            : InItem("response.content_part.added", ("content_index", 0), ("part", Part()));
    }

    private IEnumerable<ResponseEvent> Close(string status)
    {
        string text = _text.ToString();
        if (_open == Kind.Text)
        {
            yield return InItem(
                "response.output_text.done", ("content_index", 0), ("text", text), ("logprobs", _logprobs.DeepClone()));
            yield return InItem("response.content_part.done", ("content_index", 0), ("part", Part()));
            _answered = true;
            yield return Done(Message(status, [Part()]));
        }
        else if (_open == Kind.Call)
        {
            // A call that was cut is told as far as it goes, and that it is not done.
            if (_call!.IsWhole)
                yield return InItem($"{_call.Kind}.done", _call.Whole());

            yield return Done(_call.Item(_itemId, _call.IsWhole ? "completed" : "incomplete"));
        }
        else if (_open == Kind.Thought && request.Summarizes)
        {
            yield return InItem("response.reasoning_summary_text.done", ("summary_index", 0), ("text", text));
            yield return InItem("response.reasoning_summary_part.done", ("summary_index", 0), ("part", Part()));
            yield return Done(Thought([Part()], []), Thought([Part()], [Reasoning(text)]));
        }
        else if (_open == Kind.Thought)
        {
            yield return InItem("response.reasoning_text.done", ("content_index", 0), ("text", text));
            yield return InItem("response.content_part.done", ("content_index", 0), ("part", Part()));
            yield return Done(Thought([], [Part()]));
        }

        _open = Kind.None;
        _protected = null;
        _text.Clear();
        _logprobs = [];
    }

    private JsonObject Message(string status, JsonArray content) => new()
    {
        ["id"] = _itemId,
        ["type"] = "message",
        ["status"] = status,
        ["role"] = "assistant",
        ["content"] = content,
    };

    private JsonObject Thought(JsonArray summary, JsonArray content)
    {
        JsonObject item = new() { ["id"] = _itemId, ["type"] = "reasoning", ["summary"] = summary };
        if (content.Count > 0 || !request.Summarizes)
            item["content"] = content;

        if (_protected is { } kept)
            item["encrypted_content"] = ForeignOrigin.Write(kept, ThoughtSealer.Elsewhere);
        else if (request.SealsThoughts)
            item["encrypted_content"] = request.Sealer.Seal(_text.ToString());

        return item;
    }

    private JsonObject Part() => _open switch
    {
        Kind.Text => new JsonObject
        {
            ["type"] = "output_text",
            ["annotations"] = new JsonArray(),
            ["logprobs"] = _logprobs.DeepClone(),
            ["text"] = _text.ToString(),
        },
        _ when request.Summarizes => new JsonObject { ["type"] = "summary_text", ["text"] = _text.ToString() },
        _ => Reasoning(_text.ToString()),
    };

    private static JsonObject Reasoning(string text) => new() { ["type"] = "reasoning_text", ["text"] = text };

    private ResponseEvent Done(JsonObject item, JsonObject? remembered = null)
    {
        ResponseEvent done = Event("response.output_item.done", ("output_index", _output.Count), ("item", item.DeepClone()));
        _output.Add((JsonNode)item);
        _said.Add(InputItems.ElementOf(remembered ?? item));
        return done;
    }

    private ResponseEvent Delta(string name, string delta, params (string Name, JsonNode? Value)[] fields)
    {
        ResponseEvent said = InItem(name, [.. fields, ("delta", delta)]);
        if (request.Obfuscates)
            said.Data["obfuscation"] = Obfuscation.For(delta);

        return said;
    }

    private ResponseEvent InItem(string name, params (string Name, JsonNode? Value)[] fields) =>
        Event(name, [("item_id", _itemId), ("output_index", _output.Count), .. fields]);

    private ResponseEvent Whole(string name, string status) => Event(name, ("response", Response(status)));

    private ResponseEvent Event(string name, params (string Name, JsonNode? Value)[] fields)
    {
        JsonObject data = new() { ["type"] = name, ["sequence_number"] = _sequence++ };
        foreach ((string field, JsonNode? value) in fields)
            data[field] = value;

        return new ResponseEvent(name, data);
    }

    private static JsonArray Probabilities(IReadOnlyList<TextToken> tokens) =>
        [.. tokens.Select(token => JsonSerializer.SerializeToNode(TokenLogprob.Of(token), OpenAIJson.Default.TokenLogprob))];

    private static JsonObject Usage(ReplyUsage usage) => new()
    {
        ["input_tokens"] = usage.PromptTokens,
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = usage.CachedTokens ?? 0 },
        ["output_tokens"] = usage.AnswerTokens,
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = usage.ReasoningTokens ?? 0 },
        ["total_tokens"] = usage.PromptTokens + usage.AnswerTokens,
    };

    private static string NewId(string prefix) => $"{prefix}_{Guid.NewGuid():N}";
}
