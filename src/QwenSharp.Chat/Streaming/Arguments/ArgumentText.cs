using System.Text.Json;

namespace QwenSharp.Chat.Streaming.Arguments;

/// <summary>Arguments that are written as bare text: whether <c>12</c> is a number or a string is for the schema to say.</summary>
internal static class ArgumentText
{
    private static readonly JsonElement Null = JsonElement.Parse("null");

    /// <summary>Whether a text is itself the value that it stands for, however it goes on.</summary>
    public static bool IsText(ReadOnlySpan<char> beginning, ArgumentSchema schema)
    {
        JsonKinds kinds = schema.Kinds;
        if (kinds is JsonKinds.All or JsonKinds.None)
            return true;
        if (!kinds.HasFlag(JsonKinds.String) || schema.Members.Count > 0)
            return false;
        if (!kinds.HasFlag(JsonKinds.Null))
            return true;

        ReadOnlySpan<char> said = beginning.Trim();
        return !said.IsEmpty && !"null".AsSpan().StartsWith(said) && !"None".AsSpan().StartsWith(said);
    }

    /// <summary>
    /// The value that the text stands for: null where it says so, in JSON's word or Python's, and null is allowed; the text itself where
    /// any string is allowed or the schema says nothing; else JSON of an allowed kind; and the text where it is none.
    /// </summary>
    public static object Typed(string text, ArgumentSchema schema)
    {
        IReadOnlyList<JsonElement> members = schema.Members;
        if (members.Any(member => member.ValueKind == JsonValueKind.String && member.GetString() == text))
            return text;

        JsonKinds kinds = schema.Kinds;
        if (kinds is JsonKinds.All or JsonKinds.None)
            return text;
        if (kinds.HasFlag(JsonKinds.Null) && text.AsSpan().Trim() is "null" or "None")
            return Null;

        bool mayBeText = kinds.HasFlag(JsonKinds.String) && schema.TakesAnyText;
        if (mayBeText && members.Count == 0 || LenientJson.Parse(text) is not { } json)
            return text;
        if (mayBeText && !members.Any(member => JsonElement.DeepEquals(member, json)))
            return text;

        // A number that is not whole is still a number where a whole one is wanted: what is wrong with it is for the tool to say.
        if (kinds.HasFlag(JsonKinds.Integer))
            kinds |= JsonKinds.Number;

        return json.ValueKind == JsonValueKind.String || (kinds & JsonKindNames.Of(json)) == 0 ? text
            : json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean()
            : json;
    }
}
