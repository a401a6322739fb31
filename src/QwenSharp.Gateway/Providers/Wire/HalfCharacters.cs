using System.Globalization;
using System.Text;

namespace QwenSharp.Gateway.Providers.Wire;

/// <summary>
/// Puts characters together again that a server has cut between two pieces of text: a half of a pair of surrogates waits for the other.
/// </summary>
internal sealed class HalfCharacters
{
    private string _half = "";

    /// <summary>What can be told of a piece, with the half before it.</summary>
    public string Join(string piece)
    {
        if (_half.Length == 0 && (piece.Length == 0 || !char.IsHighSurrogate(piece[^1])))
            return piece;

        string text = _half + piece;
        int whole = char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
        _half = text[whole..];
        return text[..whole];
    }

    /// <summary>A string of JSON with its quotes, which may hold halves: parsers of whole texts refuse it.</summary>
    public static string Unescape(string json)
    {
        StringBuilder text = new(json.Length);
        for (int i = 1; i < json.Length - 1; i++)
        {
            if (json[i] != '\\')
            {
                text.Append(json[i]);
                continue;
            }

            switch (json[++i])
            {
                case 'u':
                    text.Append((char)ushort.Parse(json.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    i += 4;
                    break;
                case char escaped:
                    text.Append(escaped switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', _ => escaped });
                    break;
            }
        }

        return text.ToString();
    }
}
