using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Doctor;

/// <summary>
/// Looks at a server that speaks OpenAI's protocol as its clients do: each check asks what some client asks, and what clients fail on is
/// wrong. Nothing here takes the server to be QwenSharp.
/// </summary>
/// <param name="patient">The server.</param>
/// <param name="wanted">The model to ask; null for the first of the list.</param>
internal sealed class Examination(Patient patient, string? wanted)
{
    private const string ChatPath = "v1/chat/completions";
    private const int LongWords = 2600, ShortWords = 250;

    // Clients with a usual timeout have given up by then.
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(30);

    private static readonly string[] Marks = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool_call>"];

    private string _model = wanted ?? "";
    private Reply? _chat;
    private Reply? _long;
    private string _longBody = "";

    /// <summary>The model that is asked.</summary>
    public string Model => _model;

    /// <summary>Makes the checks in their order. Where the server cannot be reached or has no model, the first alone.</summary>
    public async IAsyncEnumerable<Checked> RunAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (string Name, Func<CancellationToken, Task<Finding>> Look)[] checks =
        [
            ("reachable", ReachAsync), ("chat", ChatAsync), ("template", TemplateAsync), ("reasoning", ReasoningAsync),
            ("streaming", StreamAsync), ("tools", ToolsAsync), ("structure", StructureAsync), ("context", ContextAsync),
            ("cache", CacheAsync), ("hang-up", HangUpAsync), ("errors", ErrorsAsync), ("unknown fields", UnknownFieldsAsync),
            ("connections", ConnectionsAsync),
        ];
        foreach ((string name, Func<CancellationToken, Task<Finding>> look) in checks)
        {
            long start = Stopwatch.GetTimestamp();
            Finding finding = await LookAsync(look, cancellationToken).ConfigureAwait(false);
            yield return new Checked(name, finding, Stopwatch.GetElapsedTime(start));
            if (name is "reachable" or "chat" && finding.Verdict == Verdict.Wrong)
                yield break;
        }
    }

    private static async Task<Finding> LookAsync(Func<CancellationToken, Task<Finding>> look, CancellationToken cancellationToken)
    {
        try
        {
            return await look(cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException fault)
        {
            return Finding.Wrong(fault.InnerException switch
            {
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
                    "nobody listens there: is the server started, on this port?",
                SocketException { SocketErrorCode: SocketError.HostNotFound } => "there is no such host.",
                AuthenticationException tls => $"the encrypted connection cannot be opened: {tls.Message}",
                _ => $"the connection broke: {(fault.InnerException ?? fault).Message}",
            });
        }
        catch (IOException fault)
        {
            return Finding.Wrong($"the connection broke amid the reply: {fault.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Wrong("no answer within the time of --timeout.");
        }
    }

    private async Task<Finding> ReachAsync(CancellationToken cancellationToken)
    {
        Reply reply = await patient.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        if (reply.Status is 401 or 403)
            return Finding.Wrong($"status {reply.Status}: {reply.Error} Give the key with --key.");
        if (reply.Status != 200 || reply.Json.At("data") is not JsonArray list)
        {
            return Finding.Wrong(
                $"GET /v1/models gives status {reply.Status} and no list of models: this is no server of OpenAI's protocol, or it is at "
                    + "another path.");
        }

        string[] names = [.. list.Select(model => model.At("id").Text()).OfType<string>()];
        if (wanted is not null)
        {
            return names.Contains(wanted)
                ? Finding.Ok($"it has '{wanted}'.")
                : Finding.Weak($"'{wanted}' is not in the list of models ({Some(names)}); it may be an alias.");
        }

        if (names.Length == 0)
            return Finding.Wrong("the server has no models.");

        _model = names[0];
        return Finding.Ok($"{names.Length} {(names.Length == 1 ? "model" : "models")}: {Some(names)}.");
    }

    private async Task<Finding> ChatAsync(CancellationToken cancellationToken)
    {
        Reply reply = _chat = await AskAsync([User("What is the capital of France? Answer in one sentence.")], cancellationToken, 400)
            .ConfigureAwait(false);
        if (reply.Status != 200)
            return Finding.Wrong($"status {reply.Status}: {reply.Error}");

        JsonNode? choice = reply.Json.At("choices").At(0);
        string content = choice.At("message", "content").Text() ?? "";
        if (content == "" && Reasoning(choice) == "")
            return Finding.Wrong("the reply has no choices[0].message.content.");
        if (Marks.FirstOrDefault(mark => content.Contains(mark, StringComparison.Ordinal)) is { } mark)
            return Finding.Wrong($"the answer holds {mark}: the chat template or the stop tokens are not the model's.");
        if (choice.At("finish_reason").Text() is null)
            return Finding.Wrong("the reply has no finish_reason.");
        if (reply.Json.At("usage", "prompt_tokens").Number() is null or 0)
            return Finding.Weak("the reply has no usage.prompt_tokens: clients that count tokens see none.");

        return reply.Took > LongWait
            ? Finding.Weak($"answered, after {Seconds(reply.Took)}: clients with a usual timeout give up before; have them stream.")
            : Finding.Ok($"answered in {Seconds(reply.Took)}.");
    }

    private async Task<Finding> TemplateAsync(CancellationToken cancellationToken)
    {
        (string What, string[] Messages)[] forms =
        [
            ("a system message and several turns", [System("Be brief."), User("Hi"), Assistant("Hello!"), User("Bye")]),
            ("a system message in the middle", [User("Hi"), Assistant("Hello!"), System("Be brief."), User("Bye")]),
            ("the role 'developer'", ["""{"role":"developer","content":"Be brief."}""", User("Hi")]),
            ("content as parts", ["""{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"there"}]}"""]),
            ("two messages of the user in a row", [User("Hi"), User("Are you there?")]),
            ("an empty system message", [System(""), User("Hi")]),
        ];
        List<string> refused = [];
        foreach ((string what, string[] messages) in forms)
        {
            Reply reply = await AskAsync(messages, cancellationToken, 4).ConfigureAwait(false);
            if (reply.Status != 200)
                refused.Add($"{what} ({reply.Status}: {reply.Error})");
        }

        return refused.Count == 0
            ? Finding.Ok($"{forms.Length} forms of conversations are taken.")
            : Finding.Wrong($"refused: {string.Join("; ", refused)}.");
    }

    private Task<Finding> ReasoningAsync(CancellationToken cancellationToken)
    {
        JsonNode? choice = _chat!.Json.At("choices").At(0);
        string content = choice.At("message", "content").Text() ?? "";
        return Task.FromResult(
            content.Contains("<think>", StringComparison.Ordinal) || content.Contains("</think>", StringComparison.Ordinal)
                ? Finding.Wrong("the model's reasoning stands in the content: the server needs a reasoning parser, or thinking off.")
            : Reasoning(choice) != "" ? Finding.Ok("reasoning comes in a field of its own.")
            : Finding.Skipped("the model did not reason."));
    }

    private async Task<Finding> StreamAsync(CancellationToken cancellationToken)
    {
        string body = Body([User("Count from one to twenty in words.")], "\"stream\":true,\"stream_options\":{\"include_usage\":true}", 80);
        StreamedReply reply = await patient.StreamAsync(ChatPath, body, cancellationToken).ConfigureAwait(false);
        if (reply.Status != 200)
            return Finding.Wrong($"status {reply.Status}: {new Reply(reply.Status, reply.Text, default).Error}");
        if (reply.MediaType != "text/event-stream")
            return Finding.Wrong($"the reply is {reply.MediaType ?? "of no type"}, not text/event-stream.");
        if (reply.Events is not [.., { Data: "[DONE]" }])
            return Finding.Wrong("the stream does not end with [DONE].");

        JsonNode?[] chunks = [.. reply.Events.SkipLast(1).Select(part => new Reply(200, part.Data, default).Json)];
        if (Array.IndexOf(chunks, null) >= 0)
            return Finding.Wrong("an event of the stream is no JSON.");
        if (chunks.Any(chunk => chunk.At("error") is not null))
            return Finding.Wrong("the stream ends with an error.");

        TimeSpan[] pieces =
        [
            .. reply.Events.Zip(chunks)
                .Where(pair => HasPiece(pair.Second.At("choices").At(0).At("delta")))
                .Select(pair => pair.First.After),
        ];
        if (pieces.Length < 2)
            return Finding.Wrong($"the answer came in {pieces.Length} piece(s): it is not streamed.");
        if (pieces.Length >= 8 && pieces[^1] - pieces[0] < 0.05 * pieces[^1] && pieces[^1] > TimeSpan.FromSeconds(1))
        {
            return Finding.Wrong(
                $"all {pieces.Length} pieces came at once after {Seconds(pieces[^1])}: something between buffers them (a proxy: "
                    + "'proxy_buffering off').");
        }

        if (chunks.All(chunk => chunk.At("choices").At(0).At("finish_reason").Text() is null))
            return Finding.Wrong("no event has a finish_reason.");

        string told = $"{pieces.Length} pieces, the first after {Seconds(pieces[0])}.";
        return pieces[0] > LongWait ? Finding.Weak($"{told} Clients with a usual timeout give up before.")
            : chunks.All(chunk => chunk.At("usage") is not JsonObject) ? Finding.Weak($"{told} include_usage is ignored.")
            : Finding.Ok(told);
    }

    private async Task<Finding> ToolsAsync(CancellationToken cancellationToken)
    {
        const string Tools = """
            "tools":[{"type":"function","function":{"name":"get_weather","description":"The weather in a city.","parameters":
            {"type":"object","properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},
            "required":["city","unit"],"additionalProperties":false}}}]
            """;
        string question = User("What is the weather in Paris now, in celsius? Use the tool.");
        Reply reply = await AskAsync([question], cancellationToken, 500, Tools).ConfigureAwait(false);
        bool isForced = reply.Status == 200 && Call(reply) is null;
        if (isForced)
        {
            string said = reply.Json.At("choices").At(0).At("message", "content").Text() ?? "";
            if (said.Contains("<tool_call>", StringComparison.Ordinal) || said.Contains("<function=", StringComparison.Ordinal))
                return Finding.Wrong("the model's call came as text: the server does not read it (its tool parser is off, or another's).");

            reply = await AskAsync([question], cancellationToken, 500, Tools + ",\"tool_choice\":\"required\"").ConfigureAwait(false);
        }

        if (reply.Status != 200)
            return Finding.Wrong($"status {reply.Status}: {reply.Error}");
        if (Call(reply) is not { } call)
            return Finding.Wrong("no call came, not even with tool_choice 'required'.");
        if (call.At("function", "name").Text() != "get_weather")
            return Finding.Wrong($"the call names '{call.At("function", "name").Text()}', which was not offered.");
        if (call.At("id").Text() is not { Length: > 0 } id)
            return Finding.Wrong("the call has no id.");
        if (call.At("function", "arguments").Text() is not { } arguments)
            return Finding.Wrong("the call's arguments are no text with JSON in it.");
        if (new Reply(200, arguments, default).Json is not JsonObject given)
            return Finding.Wrong($"the call's arguments are no JSON object: {arguments}");
        if (given.At("city").Text() is null || given.At("unit").Text() is not ("celsius" or "fahrenheit") || given.Count != 2)
            return Finding.Wrong($"the call's arguments are not those of its schema: {arguments}");
        if (reply.Json.At("choices").At(0).At("finish_reason").Text() != "tool_calls")
            return Finding.Wrong("a reply with calls does not end with finish_reason 'tool_calls': agents stop there.");

        string asked = $$"""{"role":"assistant","content":null,"tool_calls":[{{call.ToJsonString()}}]}""";
        string result = $$"""{"role":"tool","tool_call_id":{{Quoted(id)}},"content":"Sunny, 21 degrees."}""";
        Reply next = await AskAsync([question, asked, result], cancellationToken, 60, Tools).ConfigureAwait(false);
        return next.Status != 200 ? Finding.Wrong($"the tool's result is refused with {next.Status}: {next.Error}")
            : isForced ? Finding.Weak("the model called only with tool_choice 'required'; its calls are right.")
            : Finding.Ok("a call came as a call, with arguments of its schema, and its result was taken.");
    }

    private async Task<Finding> StructureAsync(CancellationToken cancellationToken)
    {
        const string Format = """
            "response_format":{"type":"json_schema","json_schema":{"name":"city","strict":true,"schema":{"type":"object","properties":
            {"name":{"type":"string","maxLength":40},"size":{"type":"string","enum":["small","large"]},"capital":{"type":"boolean"}},
            "required":["name","size","capital"],"additionalProperties":false}}}
            """;
        // The question asks for something else than the schema: who only hopes for JSON is found out.
        Reply reply = await AskAsync([User("Write two sentences about Paris.")], cancellationToken, 600, Format).ConfigureAwait(false);
        if (reply.Status != 200)
            return Finding.Wrong($"json_schema is refused with {reply.Status}: {reply.Error}");

        JsonNode? choice = reply.Json.At("choices").At(0);
        string content = choice.At("message", "content").Text() ?? "";
        JsonNode? json = new Reply(200, content, default).Json;
        bool isKept = json is JsonObject { Count: 3 } city && city.At("name").Text() is not null
            && city.At("size").Text() is "small" or "large"
            && city.At("capital")?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
        return isKept ? Finding.Ok("the answer follows its JSON Schema.")
            : choice.At("finish_reason").Text() == "length" ? Finding.Weak("the answer was cut off before its end; nothing can be said.")
            : Finding.Wrong($"response_format json_schema is taken and not kept: {Beginning(content)}");
    }

    private async Task<Finding> ContextAsync(CancellationToken cancellationToken)
    {
        _longBody = Words(LongWords);
        _long = await AskAsync([User(_longBody)], cancellationToken, 8).ConfigureAwait(false);
        if (_long.Status != 200)
        {
            string refusal =
                $"a prompt of {LongWords} words is refused with {_long.Status}: {_long.Error} Agents need 16,000 tokens and more.";
            _longBody = Words(ShortWords);
            _long = await AskAsync([User(_longBody)], cancellationToken, 8).ConfigureAwait(false);
            return Finding.Weak(refusal);
        }

        return _long.Json.At("usage", "prompt_tokens").Number() switch
        {
            null => Finding.Skipped("the server does not say how many tokens the prompt had."),
            >= LongWords and var tokens => Finding.Ok($"a prompt of {tokens} tokens was read whole, in {Seconds(_long.Took)}."),
            var tokens => Finding.Wrong(
                $"of a prompt of {LongWords} words only {tokens} tokens were read: the server cuts prompts and does not say so. Raise its "
                    + "context (Ollama: num_ctx)."),
        };
    }

    private async Task<Finding> CacheAsync(CancellationToken cancellationToken)
    {
        if (_long is not { Status: 200 } first)
            return Finding.Skipped("no long prompt was answered.");

        string said = first.Json.At("choices").At(0).At("message", "content").Text() ?? "";
        Reply second = await AskAsync([User(_longBody), Assistant(said), User("Go on.")], cancellationToken, 8).ConfigureAwait(false);
        if (second.Status != 200)
            return Finding.Skipped($"the second turn was refused with {second.Status}: {second.Error}");

        long before = first.Json.At("usage", "prompt_tokens").Number() ?? 0;
        string times = $"the first turn took {Seconds(first.Took)}, the second {Seconds(second.Took)}";
        return second.Json.At("usage", "prompt_tokens_details", "cached_tokens").Number() switch
        {
            { } cached when cached >= 0.8 * before =>
                Finding.Ok($"{cached} tokens of the second turn's prompt were there already; {times}."),
            { } cached when cached > 0 => Finding.Weak($"only {cached} of {before} tokens were there already; {times}."),
            _ when second.Took < 0.5 * first.Took => Finding.Ok($"{times}; the server does not say cached_tokens."),
            _ => Finding.Weak($"the second turn was computed from its beginning; {times}. Turn the prefix cache on."),
        };
    }

    private async Task<Finding> HangUpAsync(CancellationToken cancellationToken)
    {
        string body = Body([User("Write a very long story.")], "\"stream\":true", 2000);
        await patient.StreamAsync(ChatPath, body, cancellationToken, most: 3).ConfigureAwait(false);
        Reply reply = await AskAsync([User("Hi")], cancellationToken, 4).ConfigureAwait(false);
        return reply.Status == 200
            ? Finding.Ok($"after a client hung up, the next was answered in {Seconds(reply.Took)}.")
            : Finding.Wrong($"after a client hung up, the next gets {reply.Status}: {reply.Error}");
    }

    private async Task<Finding> ErrorsAsync(CancellationToken cancellationToken)
    {
        (string What, string Body, int[] Statuses)[] cases =
        [
            ("a body that is no JSON", "{\"model\":", [400, 422]),
            ("a temperature that is a text", Body([User("Hi")], "\"temperature\":\"hot\"", 4), [400, 422]),
            ("no messages", $$"""{"model":{{Quoted(_model)}}}""", [400, 422]),
            ("a model that is not there", """{"model":"no-such-model-d41d8","messages":[{"role":"user","content":"Hi"}],"max_tokens":4}""",
                [400, 404]),
        ];
        List<string> wrong = [], weak = [];
        foreach ((string what, string body, int[] statuses) in cases)
        {
            Reply reply = await patient.PostAsync(ChatPath, body, cancellationToken).ConfigureAwait(false);
            if (reply.Status == 200)
                weak.Add($"{what} is taken");
            else if (!statuses.Contains(reply.Status))
                wrong.Add($"{what} gives {reply.Status}");
            else if (reply.Json.At("error", "message").Text() is null)
                wrong.Add($"{what} gives {reply.Status} without error.message");
        }

        return wrong.Count > 0 ? Finding.Wrong($"{string.Join("; ", wrong.Concat(weak))}.")
            : weak.Count > 0 ? Finding.Weak($"{string.Join("; ", weak)}.")
            : Finding.Ok("what is wrong is refused, in the shape that clients read.");
    }

    private async Task<Finding> UnknownFieldsAsync(CancellationToken cancellationToken)
    {
        Reply reply = await AskAsync([User("Hi")], cancellationToken, 4, "\"no_such_field\":1").ConfigureAwait(false);
        return reply.Status == 200
                ? Finding.Weak("a field that it does not know is ignored: misspelled options have no effect, and nobody says so.")
            : reply.Error.Contains("no_such_field", StringComparison.Ordinal)
                ? Finding.Ok("a field that it does not know is refused by name.")
            : Finding.Weak($"a field that it does not know gives {reply.Status}, and the error does not name it: {reply.Error}");
    }

    private async Task<Finding> ConnectionsAsync(CancellationToken cancellationToken)
    {
        // What a hang-up, or an error, closed is opened again by the first.
        await patient.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);
        int before = patient.Connections;
        for (int i = 0; i < 4; i++)
            await patient.GetAsync("v1/models", cancellationToken).ConfigureAwait(false);

        return patient.Connections == before
            ? Finding.Ok("connections are kept for the next request.")
            : Finding.Weak("connections are closed after each request: every request pays for a new one.");
    }

    private static JsonNode? Call(Reply reply) => reply.Json.At("choices").At(0).At("message", "tool_calls").At(0);

    private static string Reasoning(JsonNode? choice) =>
        choice.At("message", "reasoning_content").Text() ?? choice.At("message", "reasoning").Text() ?? "";

    private static bool HasPiece(JsonNode? delta) =>
        (delta.At("content").Text() ?? delta.At("reasoning_content").Text() ?? delta.At("reasoning").Text()) is { Length: > 0 };

    // Each word is one token at least, and no two runs have the same, so that no cache of an earlier one helps.
    private static string Words(int count)
    {
        Random random = new();
        StringBuilder text = new();
        for (int i = 0; i < count; i++)
            text.Append((char)('a' + random.Next(26))).Append(' ');

        return $"Read these letters: {text}\nWhat are they?";
    }

    private static string Some(string[] names) => string.Join(", ", names.Take(5)) + (names.Length > 5 ? ", …" : "");

    private static string Seconds(TimeSpan time) => time.TotalSeconds < 10 ? $"{time.TotalSeconds:0.00} s" : $"{time.TotalSeconds:0} s";

    private static string Beginning(string text) => text.Length > 120 ? text[..120] + "…" : text;

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Message(string role, string text) => $$"""{"role":"{{role}}","content":{{Quoted(text)}}}""";

    private static string System(string text) => Message("system", text);

    private static string User(string text) => Message("user", text);

    private static string Assistant(string text) => Message("assistant", text);

    private string Body(string[] messages, string fields, int most) => $$"""
        {"model":{{Quoted(_model)}},"messages":[{{string.Join(',', messages)}}],"max_tokens":{{most}}{{(fields == "" ? "" : "," + fields)}}}
        """;

    private Task<Reply> AskAsync(string[] messages, CancellationToken cancellationToken, int most, string fields = "") =>
        patient.PostAsync(ChatPath, Body(messages, fields, most), cancellationToken);
}
