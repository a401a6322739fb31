using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Events;

/// <summary>The arguments of a call as one JSON object, whatever .NET types a client made of them.</summary>
public static class CallArguments
{
    private static JsonTypeInfo<object?> Value { get; } =
        (JsonTypeInfo<object?>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(object));

    /// <summary>The object; empty where there are no arguments.</summary>
    public static JsonElement Json(FunctionCallContent call)
    {
        ArgumentNullException.ThrowIfNull(call);
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value, Value);
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }
}
