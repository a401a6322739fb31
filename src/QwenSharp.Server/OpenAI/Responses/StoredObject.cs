using System.Buffers;
using System.Text.Json;

namespace QwenSharp.Server.OpenAI.Responses;

/// <summary>A response or a conversation as it is kept.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Body">What a client gets of it.</param>
/// <param name="Items">Its items: those that went in, and those that came out, as a later prompt repeats them.</param>
internal sealed record StoredObject(string Id, JsonElement Body, IReadOnlyList<JsonElement> Items)
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 256 };

    /// <summary>How many of the items went in; the rest came out.</summary>
    public int Inputs { get; init; }

    /// <summary>The response that this one continues; null for none.</summary>
    public string? PreviousId { get; init; }

    /// <summary>The names of the items.</summary>
    public IEnumerable<string> ItemIds => Items.Select(IdOf);

    /// <summary>The name of an item.</summary>
    public static string IdOf(JsonElement item) => item.GetProperty("id").GetString()!;

    /// <summary>An item by its name; null for none.</summary>
    public JsonElement? Find(string itemId)
    {
        foreach (JsonElement item in Items)
        {
            if (IdOf(item) == itemId)
                return item;
        }

        return null;
    }

    /// <summary>All of it as JSON.</summary>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter writer = new(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("id", Id);
            writer.WriteString("previous", PreviousId);
            writer.WriteNumber("inputs", Inputs);
            writer.WritePropertyName("body");
            Body.WriteTo(writer);
            writer.WriteStartArray("items");
            foreach (JsonElement item in Items)
                item.WriteTo(writer);

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    public static StoredObject Of(byte[] bytes)
    {
        JsonElement whole = JsonElement.Parse(bytes, Deep);
        return new StoredObject(
            whole.GetProperty("id").GetString()!,
            whole.GetProperty("body"),
            [.. whole.GetProperty("items").EnumerateArray()])
        {
            Inputs = whole.GetProperty("inputs").GetInt32(),
            PreviousId = whole.GetProperty("previous").GetString(),
        };
    }
}
