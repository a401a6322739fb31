using System.Text.Json.Serialization;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A call of a tool that the model asks for; in streams, what is new of it.</summary>
/// <param name="Index">Its place among the message's calls; only in streams.</param>
/// <param name="Id">Its name, which the tool's result repeats; null where a stream goes on with it.</param>
/// <param name="Function">What to call.</param>
public sealed record ToolCall(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id,
    ToolCallFunction Function)
{
    /// <summary>Always <c>function</c>; null where <see cref="Id"/> is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; } = Id is null ? null : "function";

    internal static ToolCall Of(CallPart call) => new(null, call.Id, ToolCallFunction.Of(call));

    internal static ToolCall InStream(CallPart part) => new(part.Index, part.Begins ? part.Id : null, ToolCallFunction.InStream(part));
}

/// <summary>The function of a call.</summary>
/// <param name="Name">Which tool; null where a stream goes on with the call.</param>
/// <param name="Arguments">A JSON object, as a string; in streams, more of it.</param>
public sealed record ToolCallFunction(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Arguments)
{
    internal static ToolCallFunction Of(CallPart call) => new(call.Name, call.Arguments);

    internal static ToolCallFunction InStream(CallPart part) => new(part.Begins ? part.Name : null, part.Arguments);
}
