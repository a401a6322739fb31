using System.Buffers;
using System.Text.Json.Serialization.Metadata;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Server-sent events (WHATWG HTML, section 9.2) as OpenAI's clients read them: one <c>data:</c> line of JSON each.</summary>
public static class EventStream
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>Writes one event.</summary>
    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
    {
        output.Write("data: "u8);
        OpenAIJson.Write(output, value, type);
        output.Write("\n\n"u8);
    }

    /// <summary>Writes the event by which a client knows that the stream is whole.</summary>
    public static void WriteDone(IBufferWriter<byte> output) => output.Write("data: [DONE]\n\n"u8);
}
