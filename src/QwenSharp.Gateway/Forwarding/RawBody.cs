using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace QwenSharp.Gateway.Forwarding;

/// <summary>The JSON of a request as it is sent on: byte for byte, but for the name of the model.</summary>
internal static class RawBody
{
    /// <summary>The body with another model.</summary>
    /// <param name="body">An object.</param>
    /// <param name="model">The model's name where it is sent.</param>
    public static byte[] WithModel(ReadOnlyMemory<byte> body, string model)
    {
        byte[] name = Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(model, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"");
        if (Find(body.Span, "model") is var (start, end))
            return [.. body.Span[..start], .. name, .. body.Span[end..]];

        // Who names none is given one: behind the brace.
        int brace = body.Span.IndexOf((byte)'{') + 1;
        ReadOnlySpan<byte> rest = body.Span[brace..];
        bool isEmpty = rest.TrimStart(" \t\r\n"u8) is [(byte)'}', ..];
        return [.. body.Span[..brace], .. "\"model\":"u8, .. name, .. isEmpty ? ""u8 : ","u8, .. rest];
    }

    /// <summary>Whether a field of the object has a value.</summary>
    public static bool Is(ReadOnlyMemory<byte> body, string field, ReadOnlySpan<byte> value) =>
        Find(body.Span, field) is var (start, end) && body.Span[start..end].SequenceEqual(value);

    private static (int Start, int End)? Find(ReadOnlySpan<byte> body, string field)
    {
        Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = reader.ValueTextEquals(field);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isIt)
                return (start, (int)reader.BytesConsumed);
        }

        return null;
    }
}
