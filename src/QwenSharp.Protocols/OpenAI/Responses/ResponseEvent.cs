using System.Text.Json.Nodes;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>An event of a streamed response.</summary>
/// <param name="Name">Its type, such as <c>response.output_text.delta</c>.</param>
/// <param name="Data">All of it, its type and <c>sequence_number</c> among it.</param>
public sealed record ResponseEvent(string Name, JsonObject Data)
{
    /// <summary>Whether the response has ended here, as it was meant to.</summary>
    public bool IsLast => Name is "response.completed" or "response.incomplete";
}
