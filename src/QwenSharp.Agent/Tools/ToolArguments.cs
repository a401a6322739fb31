using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace QwenSharp.Agent.Tools;

/// <summary>The arguments of a call, read by name and type. What is wrong with one is said by its name.</summary>
/// <param name="json">A JSON object.</param>
public sealed class ToolArguments(JsonElement json)
{
    /// <summary>The object as it came.</summary>
    public JsonElement Json { get; } = json.ValueKind == JsonValueKind.Object
        ? json
        : throw new ToolException("The arguments must be one JSON object.");

    /// <summary>A text that must be there.</summary>
    /// <exception cref="ToolException">It is missing, or not a text.</exception>
    public string String(string name) => OptionalString(name) ?? throw Missing(name);

    /// <summary>A text; null where it is left out.</summary>
    /// <exception cref="ToolException">It is not a text.</exception>
    public string? OptionalString(string name) => !TryGet(name, out JsonElement value)
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string");

    /// <summary>A whole number; null where it is left out. A text that is a number is taken as one, as small models write both.</summary>
    /// <exception cref="ToolException">It is not a whole number.</exception>
    public int? OptionalInteger(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;

        return value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out double number)
                && number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue => (int)number,
            JsonValueKind.String when int.TryParse(
                value.GetString(), System.Globalization.CultureInfo.InvariantCulture, out int number) => number,
            _ => throw Wrong(name, "a whole number"),
        };
    }

    /// <summary>A truth value; null where it is left out. The texts <c>true</c> and <c>false</c> are taken too.</summary>
    /// <exception cref="ToolException">It is neither true nor false.</exception>
    public bool? OptionalBoolean(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String when bool.TryParse(value.GetString(), out bool truth) => truth,
            _ => throw Wrong(name, "true or false"),
        };
    }

    /// <summary>A list that must be there.</summary>
    /// <exception cref="ToolException">It is missing, or not a list.</exception>
    public IReadOnlyList<JsonElement> Array(string name) => !TryGet(name, out JsonElement value)
        ? throw Missing(name)
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong(name, "an array");

    /// <summary>The texts of a list; empty where it is left out.</summary>
    /// <exception cref="ToolException">It is not a list of texts.</exception>
    public IReadOnlyList<string> OptionalStrings(string name) => !TryGet(name, out _)
        ? []
        : [.. Array(name).Select(item => item.ValueKind == JsonValueKind.String
            ? item.GetString()!
            : throw Wrong(name, "an array of strings"))];

    /// <summary>A value of any type. Null counts as left out.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out JsonElement value) =>
        Json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static ToolException Missing(string name) => new($"The parameter \"{name}\" is required and missing.");

    private static ToolException Wrong(string name, string wanted) => new($"The parameter \"{name}\" must be {wanted}.");
}
