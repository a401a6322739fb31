using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Tests;

/// <summary>Requests as a model that reads text alone has them.</summary>
internal static class TextOnlyReading
{
    public static ChatCompletionRequest InText(this ChatCompletionRequest request) => request with
    {
        Messages = TextOnly.Messages(request.Messages),
        Generation = request.Generation with { Options = TextOnly.Options(request.Generation.Options) },
    };

    public static MessagesRequest InText(this MessagesRequest request) => request with
    {
        Messages = TextOnly.Messages(request.Messages),
        Options = TextOnly.Options(request.Options),
    };
}
