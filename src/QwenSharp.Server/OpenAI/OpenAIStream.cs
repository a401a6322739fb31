using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using QwenSharp.Protocols.Events;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary>OpenAI's streams: events without names, the last an error in a failed one, <c>[DONE]</c> in a whole one.</summary>
internal static class OpenAIStream
{
    public static StreamFormat<T> Of<T>(JsonTypeInfo<T> type) => new(
        EventStream.MediaType,
        (output, chunk) => EventStream.Write(output, chunk, type),
        output => output.Write("data: [DONE]\n\n"u8),
        (output, fault) =>
            EventStream.Write(output, new OpenAIErrorReply(OpenAIErrors.Word(fault)), OpenAIJson.Default.OpenAIErrorReply));
}
