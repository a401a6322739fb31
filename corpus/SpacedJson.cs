using System.Text.Encodings.Web;
using System.Text.Json;

namespace QwenSharp.Corpus;

/// <summary>
/// JSON on one line as chat templates write it: a space after each comma and colon, characters outside ASCII as they are.
/// </summary>
internal static class SpacedJson
{
    public static string Object(IEnumerable<(string Name, string Json)> fields) =>
        $"{{{string.Join(", ", fields.Select(field => $"{Text(field.Name)}: {field.Json}"))}}}";

    public static string Text(string value) => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
