using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>A <c>POST /api/generate</c>, in neutral types.</summary>
public sealed record GenerateRequest
{
    /// <summary>What is common to both ways of asking.</summary>
    public required GenerationFields Generation { get; init; }

    /// <summary>The conversation of one turn that the prompt is; null where it is continued as it stands.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>
    /// The prompt that is continued as it stands, or up to its suffix; null where it is a turn of a conversation.
    /// </summary>
    public CompletionPrompt? Raw { get; init; }

    /// <summary>Whether there is no prompt: the model is to be loaded, or unloaded.</summary>
    public bool IsEmpty { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static GenerateRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        GenerationFields generation = GenerationFields.Read(fields);
        string prompt = fields.Take("prompt")?.String() ?? "";
        string suffix = fields.Take("suffix")?.String() ?? "";
        RequestValue? system = fields.Take("system");
        bool raw = fields.Take("raw")?.Boolean() ?? false;
        List<AIContent> images = Images.Read(fields);
        if (images.Count > 0 && (raw || suffix.Length > 0))
            throw Images.Refused(fields.Require("images"));

        Refuse(fields);
        if (raw && system is { } instructions && instructions.String().Length > 0)
            throw instructions.Conflict($"{new OptionName("system")} has no place in a prompt that is {new OptionName("raw")}.");

        fields.RefuseRest();
        bool asItStands = raw || suffix.Length > 0;
        return new GenerateRequest
        {
            Generation = generation,
            IsEmpty = prompt.Length == 0 && suffix.Length == 0,
            Raw = asItStands ? new CompletionPrompt { Text = prompt, Suffix = suffix.Length > 0 ? suffix : null } : null,
            Messages = asItStands ? null : Turn(system?.String(), [.. images, new TextContent(prompt)]),
        };
    }

    private static IReadOnlyList<ChatMessage> Turn(string? system, IList<AIContent> prompt) => string.IsNullOrEmpty(system)
        ? [new ChatMessage(ChatRole.User, prompt)]
        : [new ChatMessage(ChatRole.System, system), new ChatMessage(ChatRole.User, prompt)];

    private static void Refuse(RequestFields fields)
    {
        fields.Refuse("template", IsEmptyText, "is not honoured: the model's own template is used. With 'raw' there is none.");
        fields.Refuse("context", IsEmptyList, "is not honoured: send the conversation to /api/chat.");
        const string ForImages = "is for images, which this server does not make.";
        fields.Refuse("width", IsZero, ForImages);
        fields.Refuse("height", IsZero, ForImages);
        fields.Refuse("steps", IsZero, ForImages);
    }

    internal static bool IsEmptyList(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;

    private static bool IsZero(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0;

    internal static bool IsEmptyText(JsonElement value) => value.ValueKind == JsonValueKind.String && value.ValueEquals("");
}
