using System.Globalization;
using System.Text;

namespace QwenSharp.Protocols.OpenAI.Responses;

/// <summary>
/// The text that a custom tool is given, out of the arguments <c>{"input": "…"}</c> while they are written. Of arguments that have
/// another form it tells nothing.
/// </summary>
internal sealed class CustomInput
{
    private readonly StringBuilder _pending = new();
    private bool _inText, _isOver;

    /// <summary>Takes more of the arguments, and gives the characters of the text that are certain now.</summary>
    public string Read(string arguments)
    {
        _pending.Append(arguments);
        string json = _pending.ToString();
        int at = _inText || _isOver ? 0 : Begin(json);
        StringBuilder text = new();
        while (_inText && at < json.Length && Next(json, at) is { Length: > 0 } next)
        {
            _isOver = json[at] == '"';
            _inText = !_isOver;
            text.Append(_isOver ? "" : next.Text);
            at += next.Length;
        }

        _pending.Remove(0, _isOver ? json.Length : at);
        return text.ToString();
    }

    // Goes behind the quote that opens the text; nowhere while that is not there.
    private int Begin(string json)
    {
        int at = 0;
        foreach (string expected in (ReadOnlySpan<string>)["{", $"\"{ResponseTools.CustomInput}\"", ":", "\""])
        {
            while (at < json.Length && char.IsWhiteSpace(json[at]))
                at++;

            int length = Math.Min(expected.Length, json.Length - at);
            _isOver |= string.CompareOrdinal(json, at, expected, 0, length) != 0;
            if (length < expected.Length || _isOver)
                return 0;

            at += length;
        }

        _inText = true;
        return at;
    }

    // The next character of the text, or both halves of one; none where more has to come.
    private static (string Text, int Length) Next(string json, int at)
    {
        if (json[at] != '\\')
            return (json[at].ToString(), 1);
        if (at + 1 == json.Length)
            return default;
        if (json[at + 1] != 'u')
            return (Escaped(json[at + 1]).ToString(), 2);

        if (Unit(json, at) is not { } unit)
            return default;
        if (!char.IsHighSurrogate(unit))
            return (unit.ToString(), 6);

        return Unit(json, at + 6) is { } low ? ($"{unit}{low}", 12) : default;
    }

    private static char? Unit(string json, int at) =>
        at + 6 <= json.Length && ushort.TryParse(
            json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit
            : null;

    private static char Escaped(char letter) => letter switch
    {
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => letter,
    };
}
