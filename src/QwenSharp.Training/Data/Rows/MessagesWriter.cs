using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Chat.Conversations;

namespace QwenSharp.Training;

/// <summary>Writes a row of another form as a conversation in OpenAI's, and remembers where each message was.</summary>
internal sealed class MessagesWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _json;
    private readonly List<string> _places = [];

    public MessagesWriter()
    {
        _json = new Utf8JsonWriter(_bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
        _json.WriteStartArray("messages");
    }

    /// <summary>A message of text.</summary>
    public void Add(string place, string role, string content, JsonElement? weight = null)
    {
        _json.WriteStartObject();
        _json.WriteString("role", role);
        _json.WriteString("content", content);
        if (weight is { } given)
        {
            _json.WritePropertyName("weight");
            given.WriteTo(_json);
        }

        _json.WriteEndObject();
        _places.Add(place);
    }

    /// <summary>The assistant's calls, each an object with <c>name</c> and <c>arguments</c>.</summary>
    public void AddCalls(string place, IEnumerable<JsonElement> calls)
    {
        _json.WriteStartObject();
        _json.WriteString("role", "assistant");
        _json.WriteStartArray("tool_calls");
        foreach (JsonElement call in calls)
        {
            _json.WriteStartObject();
            _json.WritePropertyName("function");
            call.WriteTo(_json);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _places.Add(place);
    }

    /// <summary>A message that is in OpenAI's form already; what the assistant says in it is learnt, or shown alone.</summary>
    /// <exception cref="JsonException">It is no object.</exception>
    public void Copy(string place, JsonElement message, bool isLearnt)
    {
        JsonFields.Expect(message, JsonValueKind.Object, $"\"{place}\"");
        if (isLearnt || JsonFields.Text(message, "role") != "assistant" || RowForm.Has(message, "weight"))
        {
            message.WriteTo(_json);
        }
        else
        {
            _json.WriteStartObject();
            foreach (JsonProperty field in message.EnumerateObject())
                field.WriteTo(_json);

            _json.WriteNumber("weight", 0);
            _json.WriteEndObject();
        }

        _places.Add(place);
    }

    /// <summary>Ends the messages, and adds the fields of the row that all forms share: tools and variables of the template.</summary>
    /// <param name="row">The row.</param>
    /// <param name="form">What it is called.</param>
    /// <param name="known">The fields that the messages were made of.</param>
    /// <exception cref="JsonException">The row has a field that its form has not.</exception>
    public NormalRow Finish(JsonElement row, string form, params ReadOnlySpan<string> known)
    {
        _json.WriteEndArray();
        foreach (JsonProperty field in row.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Null || known.Contains(field.Name) || field.Name == "id")
                continue;

            switch (field.Name)
            {
                case "tools":
                    _json.WritePropertyName(field.Name);
                    Tools(field.Value).WriteTo(_json);
                    break;
                case "chat_template_kwargs" or "kwargs":
                    field.WriteTo(_json);
                    break;
                default:
                    throw new JsonException($"{form} has no field \"{field.Name}\" here.");
            }
        }

        _json.WriteEndObject();
        _json.Flush();
        return new NormalRow(JsonElement.Parse(_bytes.WrittenSpan), _places);
    }

    public void Dispose() => _json.Dispose();

    /// <summary>Tools are a list, or a list as JSON in a string; blank for none.</summary>
    private static JsonElement Tools(JsonElement tools) =>
        tools.ValueKind == JsonValueKind.String ? ParseText(tools.GetString()!, "\"tools\"", "[]") : tools;

    /// <summary>JSON in a string.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static JsonElement ParseText(string text, string what, string blank = "")
    {
        try
        {
            return JsonElement.Parse(
                string.IsNullOrWhiteSpace(text) ? blank : text,
                new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException fault)
        {
            throw new JsonException(
                $"{what} is not JSON, at column {fault.BytePositionInLine + 1} of its own: {JsonFields.WithoutPosition(fault)}",
                fault);
        }
    }
}
