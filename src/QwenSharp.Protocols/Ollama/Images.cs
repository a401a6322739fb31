using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>The <c>images</c> of a message or a prompt: Base64 without a type.</summary>
internal static class Images
{
    /// <summary>The pictures; none where the field is not there, or empty.</summary>
    public static List<AIContent> Read(RequestFields fields)
    {
        if (fields.Take("images") is not { } images)
            return [];

        OptionFault fault = Refused(images).Fault;
        return [.. images.Items().Select(image => Medium.Picture(image).Refused(fault))];
    }

    /// <summary>That pictures are not taken.</summary>
    public static OptionNotSupportedException Refused(RequestValue images) =>
        images.Unsupported("is not honoured: this server takes text.");
}
