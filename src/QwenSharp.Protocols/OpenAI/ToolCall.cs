using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

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
    // The neutral library's options know its dictionary of arguments, but would indent.
    private static readonly JsonTypeInfo Arguments = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
    {
        WriteIndented = false,

        // A model's arguments may be as deep as their reader takes; the object around them is one level more.
        MaxDepth = 128,
    }.GetTypeInfo(typeof(IDictionary<string, object?>));

    /// <summary>Always <c>function</c>.</summary>
    public string Type { get; } = "function";

    internal static ToolCall From(FunctionCallContent call, int? index) => new(
        index,
        call.CallId,
        new ToolCallFunction(call.Name, JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Arguments)));
}

/// <summary>The function of a call.</summary>
/// <param name="Name">Which tool.</param>
/// <param name="Arguments">A JSON object, as a string.</param>
public sealed record ToolCallFunction(string Name, string Arguments);
