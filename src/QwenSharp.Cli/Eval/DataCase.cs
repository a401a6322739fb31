using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Cli.Commands;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Training;
using ToolCall = QwenSharp.Corpus.ToolCall;

namespace QwenSharp.Cli.Eval;

/// <summary>How the answer of a data file is compared with a model's.</summary>
internal enum AnswerForm
{
    /// <summary>Letter by letter, but for spaces and line ends around it.</summary>
    Text,

    /// <summary>As a JSON object or list: the order of fields and the spaces between them do not count.</summary>
    Json,

    /// <summary>The same calls with the same arguments, in any order, whatever is said beside them.</summary>
    Calls,
}

/// <summary>A row of a data file: a conversation to be asked up to its last message, which is the right answer.</summary>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="Request">The messages before the answer, and greedy options.</param>
/// <param name="Expected">The file's answer.</param>
internal sealed record DataCase(long Line, ChatCompletionRequest Request, Answer Expected)
{
    public AnswerForm Form =>
        Expected.Calls.Count > 0 ? AnswerForm.Calls
        : Parse(Expected.Text) is JsonObject or JsonArray ? AnswerForm.Json
        : AnswerForm.Text;

    /// <summary>Reads the conversations of a file, in all forms that training reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longestAnswer">Tokens after which an answer is cut.</param>
    /// <exception cref="InvalidDataException">A row is no conversation that ends with an answer; the message names it.</exception>
    public static IReadOnlyList<DataCase> Read(string path, int longestAnswer)
    {
        List<DataCase> cases = [];
        try
        {
            foreach (TrainingRow row in TrainingRow.ReadFile(path))
                cases.Add(Read(path, row, longestAnswer));
        }
        catch (TrainingDataException fault)
        {
            throw new InvalidDataException(fault.Message, fault);
        }

        return cases.Count > 0 ? cases : throw new InvalidDataException($"{path} holds no conversations.");
    }

    /// <summary>What is wrong with an answer; null if nothing.</summary>
    public string? Fault(Answer answer) =>
        Form switch
        {
            AnswerForm.Calls => new CallsTools(Expected.Calls).Fault(answer with { Text = "" }),
            AnswerForm.Json => new IsJson(Expected.Text).Fault(answer),
            _ => answer.Calls.Count > 0 ? $"called {answer.Calls[0].Name}"
            : answer.Text.Trim() == Expected.Text.Trim() ? null
            : "is another text",
        };

    /// <summary>
    /// How many fields the expected JSON object has, and how many of them the answer has with the same value; no fields where none is
    /// expected.
    /// </summary>
    public (int All, int Right) CountFields(Answer answer)
    {
        if (Form != AnswerForm.Json || Parse(Expected.Text) is not JsonObject expected)
            return (0, 0);

        JsonObject? said = Parse(answer.Text) as JsonObject;
        return (
            expected.Count,
            expected.Count(field =>
                said is not null && said.TryGetPropertyValue(field.Key, out JsonNode? value) && AreEqual(value, field.Value)));
    }

    private static DataCase Read(string path, TrainingRow row, int longestAnswer)
    {
        try
        {
            return Read(row.Line, JsonObject.Create(row.Json)!, longestAnswer);
        }
        catch (Exception fault) when (fault is JsonException or IOptionFault or InvalidOperationException or FormatException)
        {
            string said = fault switch
            {
                JsonException json => JsonProblem.Of(json, oneLine: true),
                IOptionFault { Fault: var option } => OpenAIFaults.Word(option).Message,
                _ => fault.Message,
            };
            throw new InvalidDataException($"{path}:{row.Line}: {said.TrimEnd('.')}.", fault);
        }
    }

    private static DataCase Read(long number, JsonObject conversation, int longestAnswer)
    {
        if (conversation["messages"] is not JsonArray { Count: > 1 } messages)
            throw new FormatException("\"messages\" must hold a question and its answer; only conversations can be asked");
        if (messages[^1] is not JsonObject answer || (string?)answer["role"] != "assistant")
            throw new FormatException("the last message is not the assistant's, so there is no answer to compare with");

        messages.RemoveAt(messages.Count - 1);
        AsRequested(messages);
        JsonObject request = new() { ["messages"] = messages.DeepClone(), ["temperature"] = 0, ["max_tokens"] = longestAnswer };
        foreach ((string name, JsonNode? value) in conversation)
        {
            if (name == "messages" || value is null)
                continue;

            string field = name == "kwargs" ? "chat_template_kwargs" : name;
            if (field is not ("tools" or "chat_template_kwargs") || request.ContainsKey(field))
            {
                throw new FormatException(
                    $"a conversation has no field \"{name}\" here; it has \"messages\", \"tools\" and one \"chat_template_kwargs\" (or "
                        + "\"kwargs\")"
                );
            }

            if (value is not JsonArray { Count: 0 })
                request[field] = value.DeepClone();
        }

        // How strictly arguments are held to the schema is not the model's to know.
        foreach (JsonObject tool in (request["tools"] as JsonArray ?? []).OfType<JsonObject>())
            (tool["function"] as JsonObject)?.Remove("strict");

        return new DataCase(number, ChatCompletionRequest.Read(JsonElement.Parse(request.ToJsonString())), ReadAnswer(answer));
    }

    private static Answer ReadAnswer(JsonObject message)
    {
        List<ToolCall> calls = [];
        foreach (JsonNode? call in message["tool_calls"] as JsonArray ?? [])
        {
            JsonNode function = call?["function"] ?? throw new FormatException("a tool call of the answer has no \"function\"");
            JsonNode arguments = function["arguments"] ?? throw new FormatException("a tool call of the answer has no \"arguments\"");
            string json = arguments is JsonValue ? (string)arguments! : arguments.ToJsonString();
            if (Parse(json) is not JsonObject)
                throw new FormatException($"the \"arguments\" of the answer's call are not a JSON object: {json}");

            calls.Add(
                new ToolCall((string?)function["name"] ?? throw new FormatException("a tool call of the answer has no \"name\""), json));
        }

        string text = message["content"] switch
        {
            null => "",
            JsonArray parts => string.Concat(parts.Select(part => (string?)part?["text"])),
            JsonNode content => (string)content!,
        };
        return text.Length > 0 || calls.Count > 0
            ? new Answer(text, (string?)message["reasoning_content"] ?? "", calls)
            : throw new FormatException("the last message is empty");
    }

    /// <summary>
    /// Brings messages of training data into the form of a request: data may leave out what ties a result to its call, as templates do not
    /// show it, give arguments as
    /// JSON instead of JSON in a string, and say what is learnt.
    /// </summary>
    private static void AsRequested(JsonArray messages)
    {
        Queue<string> open = [];
        foreach ((JsonObject message, int place) in messages.OfType<JsonObject>().Select((message, place) => (message, place)))
        {
            message.Remove("weight");
            foreach (
                (JsonObject call, int i) in (message["tool_calls"] as JsonArray ?? []).OfType<JsonObject>().Select((call, i) => (call, i)))
            {
                call["id"] ??= $"call_{place}_{i}";
                call["type"] ??= "function";
                open.Enqueue((string)call["id"]!);
                if (call["function"] is JsonObject function && function["arguments"] is JsonObject arguments)
                    function["arguments"] = arguments.ToJsonString();
            }

            if ((string?)message["role"] == "tool" && open.TryDequeue(out string? id))
                message["tool_call_id"] ??= id;
        }
    }

    /// <summary>A model may say numbers that are too long to compare, and halves of characters.</summary>
    private static bool AreEqual(JsonNode? said, JsonNode? expected)
    {
        try
        {
            return JsonNode.DeepEquals(said, expected);
        }
        catch (Exception strange) when (strange is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Output.StrictJson);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
