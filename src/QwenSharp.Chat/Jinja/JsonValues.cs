using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace QwenSharp.Chat.Jinja;

/// <summary>JSON of a conversation as template values, all of whose text is the conversation's.</summary>
internal static class JsonValues
{
    public static object? Read(Runtime runtime, JsonElement json)
    {
        runtime.Budget.AllocateItems(1);
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                Mapping mapping = runtime.NewMapping();
                foreach (JsonProperty property in json.EnumerateObject())
                    mapping[Text.FromConversation(property.Name)] = Read(runtime, property.Value);

                return mapping;
            case JsonValueKind.Array:
                return new Sequence([.. json.EnumerateArray().Select(item => Read(runtime, item))]);
            case JsonValueKind.String:
                return Text.FromConversation(String(json));
            case JsonValueKind.Number:
                return Number(runtime, json.GetRawText());
            case JsonValueKind.True or JsonValueKind.False:
                return json.GetBoolean();
            default:
                return null;
        }
    }

    private static string String(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new TemplateException($"The conversation has a string that is not Unicode: {json.GetRawText()}", exception);
        }
    }

    // As Python reads it: an integer unless it has a point or an exponent.
    private static object Number(Runtime runtime, string text) => text.AsSpan().ContainsAny('.', 'e', 'E')
        ? double.Parse(text, CultureInfo.InvariantCulture)
        : text.Length <= runtime.Budget.Limits.IntegerBits / 4 ? runtime.Budget.Fit(BigInteger.Parse(text, CultureInfo.InvariantCulture))
        : throw new TemplateException($"The conversation has an integer of {text.Length} digits.");
}
