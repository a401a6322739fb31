using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace QwenSharp.Chat.Streaming.Arguments;

/// <summary>
/// JSON as models write it: in either kind of quotes, with raw line ends and tabs in strings, commas before a closing bracket, and Python's
/// <c>True</c>, <c>False</c> and <c>None</c>. What could be meant in two ways (a name with two different values, an escape that JSON does
/// not know) is refused.
/// </summary>
internal static partial class LenientJson
{
    private const int MaxDepth = 60;

    /// <summary>Reads one value; null if the text is none, or more than one.</summary>
    public static JsonElement? Parse(string text)
    {
        Reader reader = new(text);
        if (!reader.TryReadAll(out JsonNode? value))
            return null;

        // JSON that needed no leniency keeps its spelling.
        return JsonElement.Parse(reader.IsStrict ? text : value?.ToJsonString() ?? "null");
    }

    [GeneratedRegex(@"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();

    private sealed class Reader(string text)
    {
        private int _at;

        /// <summary>Whether all so far is JSON as it should be.</summary>
        public bool IsStrict { get; private set; } = true;

        public bool TryReadAll(out JsonNode? value)
        {
            if (!TryRead(0, out value))
                return false;

            SkipSpace();
            return _at == text.Length;
        }

        private bool TryRead(int depth, out JsonNode? value)
        {
            value = null;
            SkipSpace();
            if (_at == text.Length || depth > MaxDepth)
                return false;

            switch (text[_at])
            {
                case '{':
                    return TryReadObject(depth, out value);
                case '[':
                    return TryReadArray(depth, out value);
                case '"' or '\'':
                    if (!TryReadString(out string said))
                        return false;

                    value = JsonValue.Create(said);
                    return true;
                default:
                    return TryReadWord(out value);
            }
        }

        private bool TryReadObject(int depth, out JsonNode? value)
        {
            JsonObject read = [];
            value = read;
            _at++;
            while (!TryTake('}'))
            {
                if (_at == text.Length || text[_at] is not ('"' or '\'') || !TryReadString(out string name) || !TryTake(':')
                    || !TryRead(depth + 1, out JsonNode? item))
                {
                    return false;
                }

                if (!TryAdd(read, name, item) || !TryTakeComma('}'))
                    return false;
            }

            return true;
        }

        private bool TryReadArray(int depth, out JsonNode? value)
        {
            JsonArray read = [];
            value = read;
            _at++;
            while (!TryTake(']'))
            {
                if (!TryRead(depth + 1, out JsonNode? item))
                    return false;

                read.Add(item);
                if (!TryTakeComma(']'))
                    return false;
            }

            return true;
        }

        private bool TryReadString(out string value)
        {
            value = string.Empty;
            char quote = text[_at];
            IsStrict &= quote == '"';
            StringBuilder said = new();
            for (_at++; _at < text.Length; _at++)
            {
                char c = text[_at];
                if (c == quote)
                {
                    _at++;
                    value = said.ToString();
                    return IsUnicode(value);
                }

                IsStrict &= c >= ' ';
                if (c == '\\' && !TryReadEscape(out c))
                    return false;

                said.Append(c);
            }

            return false;
        }

        // Leaves the position on the escape's last character.
        private bool TryReadEscape(out char c)
        {
            _at++;
            IsStrict &= _at < text.Length && text[_at] != '\'';
            c = _at == text.Length ? '\0' : text[_at] switch
            {
                '"' => '"',
                '\'' => '\'',
                '\\' => '\\',
                '/' => '/',
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => '\0',
            };
            if (c != '\0' || _at + 4 >= text.Length || text[_at] != 'u')
                return c != '\0';

            bool read = ushort.TryParse(
                text.AsSpan(_at + 1, 4),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out ushort unit);
            (c, _at) = ((char)unit, _at + 4);
            return read;
        }

        private bool TryReadWord(out JsonNode? value)
        {
            int start = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '+' or '-' or '.'))
                _at++;

            string word = text[start.._at];
            IsStrict &= word is not ("True" or "False" or "None");
            value = word switch
            {
                "true" or "True" => JsonValue.Create(true),
                "false" or "False" => JsonValue.Create(false),
                _ when Number().IsMatch(word) => JsonValue.Create(JsonElement.Parse(word)),
                _ => null,
            };
            return value is not null || word is "null" or "None";
        }

        // A name with two values that are the same has one.
        private bool TryAdd(JsonObject owner, string name, JsonNode? item)
        {
            if (owner.TryAdd(name, item))
                return true;

            IsStrict = false;
            return owner[name]?.ToJsonString() == item?.ToJsonString();
        }

        private bool TryTakeComma(char close)
        {
            bool isTaken = TryTake(',');
            bool isLast = IsNext(close);
            IsStrict &= !(isTaken && isLast);
            return isTaken || isLast;
        }

        private bool TryTake(char c)
        {
            bool isNext = IsNext(c);
            _at += isNext ? 1 : 0;
            return isNext;
        }

        private bool IsNext(char c)
        {
            SkipSpace();
            return _at < text.Length && text[_at] == c;
        }

        private void SkipSpace()
        {
            for (; _at < text.Length && char.IsWhiteSpace(text[_at]); _at++)
                IsStrict &= text[_at] is ' ' or '\n' or '\r' or '\t';
        }

        private static bool IsUnicode(string value)
        {
            for (int i = 0; i < value.Length; i++)
            {
                if (char.IsSurrogate(value[i]) && !(i + 1 < value.Length && char.IsSurrogatePair(value[i], value[++i])))
                    return false;
            }

            return true;
        }
    }
}
