using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Events;

/// <summary>The arguments of a call as the JSON text that goes over the wire.</summary>
public static class WireArguments
{
    // The neutral library's options know its dictionary of arguments, but would indent.
    private static readonly JsonTypeInfo Type = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions)
    {
        WriteIndented = false,

        // A model's arguments may be as deep as their reader takes; the object around them is one level more.
        MaxDepth = 128,
    }.GetTypeInfo(typeof(IDictionary<string, object?>));

    /// <summary>A JSON object, empty where the call has no arguments.</summary>
    public static string Of(FunctionCallContent call)
    {
        ArgumentNullException.ThrowIfNull(call);
        return JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Type);
    }
}
