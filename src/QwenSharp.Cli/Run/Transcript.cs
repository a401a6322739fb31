using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Conversations;
using QwenSharp.Cli.Commands;
using QwenSharp.Faults;

namespace QwenSharp.Cli.Run;

/// <summary>
/// A conversation as a JSON file: an object with <c>messages</c> of <c>role</c>, <c>content</c> and
/// <c>reasoning_content</c>, the form that <c>qwensharp template --conversation</c> reads too.
/// </summary>
internal static class Transcript
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the messages.</summary>
    public static void Save(string path, IEnumerable<ChatMessage> messages)
    {
        JsonArray written = [];
        foreach (ChatMessage message in messages)
        {
            JsonObject entry = new() { ["role"] = message.Role.Value, ["content"] = message.Text };
            string reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(part => part.Text));
            if (reasoning.Length > 0)
                entry["reasoning_content"] = reasoning;

            written.Add((JsonNode)entry);
        }

        File.WriteAllText(path, new JsonObject { ["messages"] = written }.ToJsonString(Indented) + "\n");
    }

    /// <summary>Reads a conversation that <see cref="Save"/> wrote, or any other of text.</summary>
    /// <exception cref="InvalidDataException">The file is not such a conversation.</exception>
    public static List<ChatMessage> Load(string path)
    {
        try
        {
            ConversationJson conversation = ConversationJson.Read(JsonElement.Parse(File.ReadAllText(path), Output.StrictJson));
            return [.. conversation.ToChatMessages(conversation.Messages.Count)];
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException(
                $"{path} is not a saved conversation (an object with 'messages' of 'role' and 'content'): {JsonProblem.Of(wrong)}.",
                wrong);
        }
    }
}
