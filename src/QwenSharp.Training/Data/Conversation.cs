using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>
/// A conversation in OpenAI's form, checked and brought into the one shape that templates get when the model is served: content a string,
/// the arguments of tool calls an object, tools wrapped as functions.
/// </summary>
internal sealed class Conversation
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The messages as a JSON array.</summary>
    private readonly ArrayBufferWriter<byte> _json = new(1024);

    /// <summary>Where each message ends in it.</summary>
    private readonly List<int> _ends = [];

    private readonly List<Turn> _turns = [];

    private Conversation()
    {
    }

    /// <summary>What the assistant says, in order.</summary>
    public IReadOnlyList<Turn> Turns => _turns;

    /// <summary>The tools that are offered; null for none.</summary>
    public JsonElement? Tools { get; private set; }

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> ToolNames { get; private set; } = [];

    /// <summary>Further variables of the template, such as <c>enable_thinking</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; private set; } = new Dictionary<string, JsonElement>();

    /// <summary>The first messages as a JSON array.</summary>
    public JsonElement Messages(int count)
    {
        ReadOnlySpan<byte> messages = count == 0 ? "["u8 : _json.WrittenSpan[.._ends[count - 1]];
        return JsonElement.Parse([.. messages, (byte)']']);
    }

    /// <summary>A hash of the messages that no platform and no release changes.</summary>
    public ulong Hash(ulong seed) => StableHash.Of(_json.WrittenSpan, seed);

    /// <summary>Reads one line's object. What is returned is valid as long as its document.</summary>
    /// <exception cref="JsonException">It is not a conversation that can be learnt from; the message names the field.</exception>
    public static Conversation Read(JsonElement line)
    {
        ConversationJson read = ConversationJson.Read(line);
        Conversation conversation = new() { Arguments = read.Arguments };
        conversation.AddTools(read.Tools);
        conversation.AddMessages(read.Messages);
        if (conversation._ends.Count == 0)
            throw new JsonException("\"messages\" is missing or empty.");
        if (conversation._turns.Count > 0 && conversation._turns[0].Message == 0)
            throw new JsonException("The first message is the assistant's; a prompt must come before it.");
        if (conversation._turns.Count == 0 || conversation._turns[^1].Message != conversation._ends.Count - 1)
            throw new JsonException("The last message is not the assistant's; nothing could be learnt from it.");
        if (!conversation._turns.Exists(turn => turn.IsLearnt))
            throw new JsonException("All of the assistant's messages have the weight 0; there is nothing to learn.");

        return conversation;
    }

    private void AddTools(IReadOnlyList<ConversationTool> tools)
    {
        if (tools.Count == 0)
            return;

        ArrayBufferWriter<byte> written = new(1024);
        using (Utf8JsonWriter json = new(written, Relaxed))
        {
            json.WriteStartArray();
            foreach (ConversationTool tool in tools)
                tool.WriteTo(json);

            json.WriteEndArray();
        }

        Tools = JsonElement.Parse(written.WrittenSpan);
        ToolNames = [.. tools.Select(tool => tool.Name)];
    }

    private void AddMessages(IReadOnlyList<ConversationMessage> messages)
    {
        using Utf8JsonWriter json = new(_json, Relaxed);
        json.WriteStartArray();
        foreach (ConversationMessage message in messages)
        {
            if (message.Role == "assistant")
                _turns.Add(new Turn(_ends.Count, message.IsLearnt, message.Reasoning, [.. message.Calls.Select(call => call.Name)]));

            message.WriteTo(json);
            json.Flush();
            _ends.Add(_json.WrittenCount);
        }
    }

    /// <summary>A message of the assistant's.</summary>
    /// <param name="Message">Its index.</param>
    /// <param name="IsLearnt">False where the data says <c>"weight": 0</c>.</param>
    /// <param name="Reasoning">Its reasoning, if any.</param>
    /// <param name="Calls">The names that it calls.</param>
    public readonly record struct Turn(int Message, bool IsLearnt, string Reasoning, IReadOnlyList<string> Calls);
}
