using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace QwenSharp.Protocols.Events;

/// <summary>JSON as it goes over the wire.</summary>
public static class WireJson
{
    // Letters beyond ASCII are left as they are: no reply is HTML, and escapes would double the size of Chinese text.
    internal static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a value as JSON on one line.</summary>
    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
    {
        using Utf8JsonWriter writer = new(output, Options);
        JsonSerializer.Serialize(writer, value, type);
    }
}
