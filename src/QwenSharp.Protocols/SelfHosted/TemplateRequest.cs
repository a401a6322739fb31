using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.SelfHosted;

/// <summary>A <c>POST /apply-template</c>: the prompt that a conversation becomes.</summary>
/// <param name="Model">Which model is asked; null where the request leaves that to the server.</param>
/// <param name="Conversation">The conversation.</param>
public sealed record TemplateRequest(string? Model, PromptConversation Conversation)
{
    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static TemplateRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        TemplateRequest request = new(fields.Take("model")?.String(), PromptConversation.Read(fields));
        fields.RefuseRest();
        return request;
    }
}
