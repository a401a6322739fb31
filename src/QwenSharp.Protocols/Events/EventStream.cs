using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace QwenSharp.Protocols.Events;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): one line of JSON each, and a name where the dialect has names.</summary>
public static class EventStream
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>Writes one event.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="value">What happened.</param>
    /// <param name="type">How to write it.</param>
    /// <param name="name">The event's name; null for none.</param>
    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (name is not null)
        {
            output.Write("event: "u8);
            Encoding.UTF8.GetBytes(name, output);
            output.Write("\n"u8);
        }

        output.Write("data: "u8);
        WireJson.Write(output, value, type);
        output.Write("\n\n"u8);
    }
}
