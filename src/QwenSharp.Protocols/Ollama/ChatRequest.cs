using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Ollama;

/// <summary>A <c>POST /api/chat</c>, in neutral chat types.</summary>
public sealed record ChatRequest
{
    /// <summary>What is common to both ways of asking.</summary>
    public required GenerationFields Generation { get; init; }

    /// <summary>The conversation; none asks for the model to be loaded, or unloaded.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>Reads a request's body.</summary>
    /// <exception cref="OptionException">A field is missing, wrong, or not honoured; the error names it.</exception>
    public static ChatRequest Read(JsonElement body)
    {
        RequestFields fields = RequestFields.Of(body);
        GenerationFields generation = GenerationFields.Read(fields);
        generation.Options.Tools = fields.Take("tools") is { } tools ? ToolReader.Read(tools) : null;
        IReadOnlyList<ChatMessage> messages = fields.Take("messages") is { } list ? new MessageReader().Read(list) : [];
        fields.RefuseRest();
        return new ChatRequest { Generation = generation, Messages = messages };
    }
}
