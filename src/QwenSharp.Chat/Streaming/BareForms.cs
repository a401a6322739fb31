using System.Text.Json;
using QwenSharp.Chat.Streaming.Arguments;

namespace QwenSharp.Chat.Streaming;

/// <summary>
/// What an argument may stand for that is written without quotes, as in calls in XML. Its schema says so, as <c>12</c> may be a number or
/// text: whoever holds a model to a schema has to let through what is read as a value of it.
/// </summary>
[Flags]
public enum BareForms
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Itself, as text.</summary>
    Text = 1,

    /// <summary>Null, where it says so.</summary>
    Null = 2,

    /// <summary>What it says as JSON, where it is none of the texts.</summary>
    Json = 4,
}

/// <summary>How arguments without quotes are read.</summary>
public static class BareArgument
{
    /// <summary>What an argument may stand for.</summary>
    /// <param name="schema">Its schema, which references in it are looked up in.</param>
    public static BareForms FormsOf(JsonElement schema)
    {
        ArgumentSchema read = new(schema, schema);
        JsonKinds kinds = read.Kinds;
        if (kinds is JsonKinds.All or JsonKinds.None)
            return BareForms.Text;
        if (!kinds.HasFlag(JsonKinds.String))
            return BareForms.Json;
        if (!read.TakesAnyText)
            return kinds == JsonKinds.String ? BareForms.Text : BareForms.Text | BareForms.Json;

        return kinds.HasFlag(JsonKinds.Null) ? BareForms.Text | BareForms.Null : BareForms.Text;
    }
}
