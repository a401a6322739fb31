using System.Text.Json;

namespace QwenSharp.Chat.Conversations;

/// <summary>Fields of JSON that people write: what is wrong is said in words, with its place.</summary>
public static class JsonFields
{
    /// <summary>Checks that a value is an object or a list.</summary>
    /// <exception cref="JsonException">The value is of another kind.</exception>
    public static void Expect(JsonElement value, JsonValueKind kind, string what)
    {
        if (value.ValueKind != kind)
            throw new JsonException($"{what} is {Kind(value)} where {(kind == JsonValueKind.Object ? "an object" : "an array")} belongs.");
    }

    /// <summary>Checks that an object has no field but those that are known; what is null is not there.</summary>
    /// <exception cref="JsonException">It has another.</exception>
    public static void RequireFields(JsonElement owner, string what, params ReadOnlySpan<string> known)
    {
        foreach (JsonProperty field in owner.EnumerateObject())
        {
            if (!known.Contains(field.Name) && field.Value.ValueKind != JsonValueKind.Null)
                throw new JsonException($"{what} has no field \"{field.Name}\" here.");
        }
    }

    /// <summary>The text of a field; null where it is absent or null.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static string? Text(JsonElement owner, string name) =>
        !owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new JsonException($"\"{name}\" is {Kind(value)} where text belongs.");

    /// <summary>Reads something, and says of what is wrong in it where that is.</summary>
    /// <param name="place">Such as <c>messages[2]</c>.</param>
    /// <param name="read">What may find something wrong.</param>
    /// <exception cref="JsonException">What <paramref name="read"/> finds, with its place before it.</exception>
    public static T At<T>(string place, Func<T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            return read();
        }
        catch (Misplaced inner)
        {
            throw new Misplaced($"{place}.{inner.Place}", inner.Problem, inner);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // JsonElement says InvalidOperationException of text that is not Unicode.
            throw new Misplaced(place, fault.Message, fault);
        }
    }

    /// <summary>The message without the position that .NET appends: it counts from 0, and every line as the first.</summary>
    public static string WithoutPosition(Exception fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        int tail = fault.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return tail < 0 ? fault.Message : fault.Message[..tail];
    }

    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    internal static void RequireFunction(JsonElement owner, string what)
    {
        if (Text(owner, "type") is { } type and not "function")
            throw new JsonException($"{what} has the type \"{type}\"; only \"function\" is known.");
    }

    private sealed class Misplaced(string place, string problem, Exception cause) : JsonException($"{place}: {problem}", cause)
    {
        public string Place { get; } = place;

        public string Problem { get; } = problem;
    }
}
