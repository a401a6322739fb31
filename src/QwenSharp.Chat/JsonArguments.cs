using System.Text.Json;

namespace QwenSharp.Chat;

/// <summary>The arguments of a call, from the JSON object that somebody wrote them as.</summary>
public static class JsonArguments
{
    /// <summary>
    /// The object's members, which outlive its document. A name given twice keeps its last value, as most readers of JSON do: a model wrote
    /// it, not the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">The value is no object.</exception>
    public static Dictionary<string, object?> Of(JsonElement value)
    {
        Dictionary<string, object?> arguments = [];
        foreach (JsonProperty argument in value.EnumerateObject())
            arguments[argument.Name] = argument.Value.Clone();

        return arguments;
    }
}
