using System.Text.Json;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>Members of JSON that may be missing, null or of another type: what cannot be read is as if it were not there.</summary>
internal static class WireFields
{
    extension(JsonElement json)
    {
        /// <summary>A member that is not null; null where there is none.</summary>
        public JsonElement? Member(string name) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value)
                && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
                ? value
                : null;

        /// <summary>A member of a member.</summary>
        public JsonElement? Member(string name, string inner) => json.Member(name)?.Member(inner);

        /// <summary>A member that is text.</summary>
        public string? Text(string name) => json.Member(name) is { ValueKind: JsonValueKind.String } value ? Whole(value) : null;

        /// <summary>A member that is a whole number.</summary>
        public long? Count(string name) =>
            json.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long count) ? count : null;

        /// <summary>A member that is a number.</summary>
        public double? Number(string name) =>
            json.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) ? number : null;

        /// <summary>A member that is text, or a number as text.</summary>
        public string? Word(string name) => json.Member(name) switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => null,
        };

        /// <summary>The items of a member that is an array; none where it is not.</summary>
        public IEnumerable<JsonElement> Items(string name) =>
            json.Member(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
    }

    private static string? Whole(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return HalfCharacters.Unescape(value.GetRawText());
        }
    }
}
