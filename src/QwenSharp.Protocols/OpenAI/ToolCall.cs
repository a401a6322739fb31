using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A call of a tool that the model asks for.</summary>
/// <param name="Index">Its place among the message's calls; only in streams.</param>
/// <param name="Id">Its name, which the tool's result repeats.</param>
/// <param name="Function">What to call.</param>
public sealed record ToolCall(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
    string Id,
    ToolCallFunction Function)
{
    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; } = "function";

    internal static ToolCall From(FunctionCallContent call, int? index) => new(index, call.CallId, ToolCallFunction.From(call));
}

/// <summary>The function of a call.</summary>
/// <param name="Name">Which tool.</param>
/// <param name="Arguments">A JSON object, as a string.</param>
public sealed record ToolCallFunction(string Name, string Arguments)
{
    internal static ToolCallFunction From(FunctionCallContent call) => new(call.Name, WireArguments.Of(call));
}
