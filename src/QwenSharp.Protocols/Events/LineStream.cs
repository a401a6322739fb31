using System.Buffers;
using System.Text.Json.Serialization.Metadata;

namespace QwenSharp.Protocols.Events;

/// <summary>Streams of JSON, a value a line (https://github.com/ndjson/ndjson-spec).</summary>
public static class LineStream
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/x-ndjson";

    /// <summary>Writes one line.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="value">What it says.</param>
    /// <param name="type">How to write it.</param>
    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(output);
        WireJson.Write(output, value, type);
        output.Write("\n"u8);
    }
}
