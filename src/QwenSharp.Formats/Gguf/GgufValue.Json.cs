using System.Text;
using System.Text.Json.Nodes;

namespace QwenSharp.Formats;

/// <content>Values described for people and programs.</content>
public sealed partial class GgufValue
{
    /// <summary>
    /// The value as JSON. Numbers that JSON lacks (NaN, infinities) become strings. What is left out shows:
    /// a shortened text ends in '…', a shortened array in the element "… N more".
    /// </summary>
    /// <param name="maxElements">Elements of an array to show.</param>
    /// <param name="maxCharacters">Characters of a text to show.</param>
    public JsonNode ToJson(int maxElements = int.MaxValue, int maxCharacters = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxElements);
        ArgumentOutOfRangeException.ThrowIfNegative(maxCharacters);
        return ElementType is GgufValueType elementType
            ? ArrayToJson(elementType, maxElements, maxCharacters)
            : ScalarToJson(Type, Encoded, maxCharacters);
    }

    /// <summary>The type and, shortened, the value.</summary>
    public override string ToString() => ElementType is GgufValueType elementType
        ? $"an Array of {Count} {elementType}"
        : $"the {Type} {ToJson(maxCharacters: 40).ToJsonString()}";

    private JsonArray ArrayToJson(GgufValueType elementType, int maxElements, int maxCharacters)
    {
        int shown = Math.Min(Count, maxElements);
        IEnumerable<JsonNode> elements =
            TryGetStrings(out GgufStringArray? strings) ? strings.Take(shown).Select(utf8 => Text(utf8.Span, maxCharacters))
            : TryGetArrays(out GgufValue[]? arrays) ? arrays.Take(shown).Select(array => array.ToJson(maxElements, maxCharacters))
            : Enumerable.Range(0, shown).Select(i => ScalarToJson(elementType, Elements[(i * elementType.FixedSize())..], maxCharacters));

        JsonArray json = [.. elements];
        if (shown < Count)
            json.Add((JsonNode)$"… {Count - shown} more");

        return json;
    }

    private static JsonNode ScalarToJson(GgufValueType type, ReadOnlyMemory<byte> encoded, int maxCharacters)
    {
        ReadOnlySpan<byte> bytes = encoded.Span;
        return type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BitConverter.ToUInt16(bytes),
            GgufValueType.Int16 => BitConverter.ToInt16(bytes),
            GgufValueType.UInt32 => BitConverter.ToUInt32(bytes),
            GgufValueType.Int32 => BitConverter.ToInt32(bytes),
            GgufValueType.UInt64 => BitConverter.ToUInt64(bytes),
            GgufValueType.Int64 => BitConverter.ToInt64(bytes),
            GgufValueType.Float32 when BitConverter.ToSingle(bytes) is float number => float.IsFinite(number) ? number : Named(number),
            GgufValueType.Float64 when BitConverter.ToDouble(bytes) is double number => double.IsFinite(number) ? number : Named(number),
            GgufValueType.Bool => bytes[0] != 0,
            GgufValueType.String => Text(bytes[sizeof(ulong)..], maxCharacters),
            _ => throw new InvalidOperationException($"{type} is no scalar."),
        };
    }

    private static JsonNode Named(double number) =>
        double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";

    private static JsonNode Text(ReadOnlySpan<byte> utf8, int maxCharacters)
    {
        // A character takes at least a byte, so only the first bytes of a long text need decoding.
        StringBuilder text = new();
        int shown = 0;
        while (!utf8.IsEmpty && shown < maxCharacters)
        {
            Rune.DecodeFromUtf8(utf8, out Rune rune, out int length);
            text.Append(rune.ToString());
            utf8 = utf8[length..];
            shown++;
        }

        return text.Append(utf8.IsEmpty ? string.Empty : "…").ToString();
    }
}
