using System.Text.Json;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>A value of a request's JSON together with its path, so that every complaint names the field.</summary>
internal readonly struct RequestValue(JsonElement element, string path)
{
    public string Path => path;

    /// <summary>The value as it was sent.</summary>
    public JsonElement Element => element;

    public bool IsString => element.ValueKind == JsonValueKind.String;

    public bool IsArray => element.ValueKind == JsonValueKind.Array;

    public bool IsInteger => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out _);

    public string String()
    {
        if (element.ValueKind != JsonValueKind.String)
            throw WrongType("a string");

        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw OpenAIException.Invalid(path, $"'{path}' is not valid Unicode text: it holds half of a surrogate pair.");
        }
    }

    public bool Boolean() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType("a boolean"),
    };

    public long Integer(long minimum, long maximum)
    {
        if (element.ValueKind != JsonValueKind.Number)
            throw WrongType("an integer");

        return element.TryGetInt64(out long value) && value >= minimum && value <= maximum
            ? value
            : throw OpenAIException.Invalid(path, $"'{path}' must be an integer from {minimum} to {maximum}, not {element.GetRawText()}.");
    }

    public float Number(double minimum, double maximum)
    {
        if (element.ValueKind != JsonValueKind.Number)
            throw WrongType("a number");

        double value = element.GetDouble();
        return value >= minimum && value <= maximum
            ? (float)value
            : throw OpenAIException.Invalid(path, $"'{path}' must be a number from {minimum} to {maximum}, not {element.GetRawText()}.");
    }

    public RequestFields Fields() =>
        element.ValueKind == JsonValueKind.Object ? new RequestFields(element, path) : throw WrongType("an object");

    public IEnumerable<RequestValue> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
            throw WrongType("an array");

        string at = path;
        return element.EnumerateArray().Select((item, index) => new RequestValue(item, $"{at}[{index}]"));
    }

    public OpenAIException WrongType(string expected) => OpenAIException.Invalid(
        path,
        $"'{path}' must be {expected}, not {Kind(element.ValueKind)}.",
        "invalid_type");

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}
