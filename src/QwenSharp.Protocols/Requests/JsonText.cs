using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// Finds text in JSON that is no Unicode: bytes that are not UTF-8, and escapes of half a surrogate pair. JSON's grammar has nothing
/// against either (RFC 8259, sections 8.1 and 8.2), and every reader meets them elsewhere: in a name, in a value, or as late as in the
/// model's prompt. Here they are found once, before anything is read.
/// </summary>
public static class JsonText
{
    private const int LongestName = 100;

    /// <summary>The first place whose text is no Unicode; null where there is none.</summary>
    /// <param name="json">JSON, or bytes that are meant to be.</param>
    public static JsonTextFault? Find(ReadOnlySpan<byte> json)
    {
        if (NotUtf8(json) is >= 0 and int invalid)
            return new JsonTextFault(PathAt(json, invalid), $"the byte at offset {invalid} is not UTF-8");

        return HalfOfPair(json) is >= 0 and int half ? new JsonTextFault(PathAt(json, half), "it holds half of a surrogate pair") : null;
    }

    private static int NotUtf8(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
            return -1;

        for (int at = 0; at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out _, out int length) != System.Buffers.OperationStatus.Done)
                return at;

            at += length;
        }

        return -1;
    }

    // In JSON a backslash stands in strings alone, and what follows it belongs to it.
    private static int HalfOfPair(ReadOnlySpan<byte> json)
    {
        int at = 0;
        while (json[at..].IndexOf((byte)'\\') is >= 0 and int distance)
        {
            at += distance;
            if (UnitAt(json, at) is not { } unit)
            {
                at = Math.Min(at + 2, json.Length);
            }
            else if (!char.IsSurrogate(unit))
            {
                at += 6;
            }
            else
            {
                if (!char.IsHighSurrogate(unit) || UnitAt(json, at + 6) is not { } low || !char.IsLowSurrogate(low))
                    return at;

                at += 12;
            }
        }

        return -1;
    }

    // The UTF-16 unit of an escape \uXXXX.
    private static char? UnitAt(ReadOnlySpan<byte> json, int at) =>
        at + 6 <= json.Length
        && json[at] == '\\'
        && json[at + 1] == 'u'
        && Utf8Parser.TryParse(json.Slice(at + 2, 4), out ushort unit, out int digits, 'x')
        && digits == 4
            ? (char)unit
            : null;

    // The way to the string that holds a byte; null where what comes before it is no JSON.
    private static string? PathAt(ReadOnlySpan<byte> json, int offset)
    {
        Stack<(string Path, int Item)> open = new();
        string path = "";
        try
        {
            Utf8JsonReader reader = new(json);
            while (reader.Read() && reader.TokenStartIndex <= offset)
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        string parent = open.Peek().Path;
                        path = parent.Length == 0 ? Name(reader.ValueSpan) : $"{parent}.{Name(reader.ValueSpan)}";
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        open.Pop();
                        path = NextItem(open, path);
                        break;
                    default:
                        if (offset < reader.TokenStartIndex + reader.ValueSpan.Length + 2 && reader.TokenType == JsonTokenType.String)
                            return path.Length == 0 ? null : path;

                        if (reader.TokenType == JsonTokenType.StartObject)
                        {
                            open.Push((path, -1));
                        }
                        else if (reader.TokenType == JsonTokenType.StartArray)
                        {
                            open.Push((path, 0));
                            path = $"{path}[0]";
                        }
                        else
                        {
                            path = NextItem(open, path);
                        }

                        break;
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return path.Length == 0 ? null : path;
    }

    private static string NextItem(Stack<(string Path, int Item)> open, string path)
    {
        if (open.Count == 0 || open.Peek().Item < 0)
            return path;

        (string array, int item) = open.Pop();
        open.Push((array, item + 1));
        return string.Create(CultureInfo.InvariantCulture, $"{array}[{item + 1}]");
    }

    private static string Name(ReadOnlySpan<byte> escaped)
    {
        string name = Encoding.UTF8.GetString(escaped[..Math.Min(escaped.Length, LongestName)]);
        return escaped.Length > LongestName ? name + "…" : name;
    }
}

/// <summary>Text of a JSON body that is no Unicode.</summary>
/// <param name="Path">Where, such as <c>messages[0].content</c>; null where it cannot be told.</param>
/// <param name="Reason">What is wrong, as the end of a sentence.</param>
public sealed record JsonTextFault(string? Path, string Reason);
