using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Conversations;
using QwenSharp.Cli.Commands;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;
using QwenSharp.Faults;
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
/// <param name="Messages">The messages before the answer.</param>
/// <param name="Options">Tools, the template's variables, and greedy sampling.</param>
/// <param name="Expected">The file's answer.</param>
internal sealed record DataCase(long Line, IReadOnlyList<ChatMessage> Messages, ChatOptions Options, Answer Expected)
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
            return Read(row.Line, row.Json, longestAnswer);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            string said = fault is JsonException json ? JsonProblem.Of(json, oneLine: true) : fault.Message;
            throw new InvalidDataException($"{path}:{row.Line}: {said.TrimEnd('.')}.", fault);
        }
    }

    private static DataCase Read(long number, JsonElement json, int longestAnswer)
    {
        ConversationJson? conversation = json.TryGetProperty("messages", out _) ? ConversationJson.Read(json) : null;
        if (conversation is not { Messages: { Count: > 1 } messages })
            throw new JsonException("\"messages\" must hold a question and its answer; only conversations can be asked");
        ConversationMessage answer = messages[^1];
        if (answer.Role != "assistant")
            throw new JsonException("the last message is not the assistant's, so there is no answer to compare with");
        if (answer.Content.Length == 0 && answer.Calls.Count == 0)
            throw new JsonException("the last message is empty");

        ChatOptions options = new()
        {
            Temperature = 0,
            MaxOutputTokens = longestAnswer,
            Tools = conversation.Tools.Count > 0 ? [.. conversation.Tools.Select(tool => tool.ToDeclaration())] : null,
            AdditionalProperties = new()
            {
                [ChatOptionKeys.ChatTemplateKwargs] =
                    conversation.Arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value),
            },
        };
        return new DataCase(
            number,
            conversation.ToChatMessages(messages.Count - 1),
            options,
            new Answer(
                answer.Content,
                answer.Reasoning,
                [.. answer.Calls.Select(call => new ToolCall(call.Name, call.Arguments.GetRawText()))]));
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
