namespace QwenSharp.Chat.Streaming.Xml;

/// <summary>Finds the dialect's tags in text that is still coming in, each once.</summary>
internal struct XmlTagScanner
{
    private const int LongestName = 128;

    private static readonly (XmlTagKind Kind, string Text)[] Tags =
    [
        (XmlTagKind.CallOpen, "<tool_call>"),
        (XmlTagKind.CallClose, "</tool_call>"),
        (XmlTagKind.FunctionOpen, "<function="),
        (XmlTagKind.FunctionClose, "</function>"),
        (XmlTagKind.ParameterOpen, "<parameter="),
        (XmlTagKind.ParameterClose, "</parameter>"),
    ];

    private int _at, _line;
    private bool _inText;

    /// <summary>The next tag, or the first text after a tag; false where more has to come, or nothing is left.</summary>
    /// <param name="text">All that has come, the same beginning each time.</param>
    /// <param name="isEnd">Whether nothing more will come.</param>
    /// <param name="tag">What was found.</param>
    public bool TryNext(ReadOnlySpan<char> text, bool isEnd, out XmlTag tag)
    {
        tag = default;
        while (_at < text.Length)
        {
            char c = text[_at];
            if (c == '<')
            {
                if (TryTag(text, out tag))
                {
                    (_at, _inText) = (tag.End, false);
                    return true;
                }

                if (!isEnd && MayBeTag(text[_at..]))
                    return false;
            }
            else if (char.IsWhiteSpace(c))
            {
                _at++;
                _line = c == '\n' ? _at : _line;
                continue;
            }

            int start = _at, line = _line;
            SkipText(text);
            if (_inText)
                continue;

            _inText = true;
            tag = new XmlTag(XmlTagKind.Text, start, start, line, string.Empty);
            return true;
        }

        return false;
    }

    // Goes on to the next character that may begin a tag.
    private void SkipText(ReadOnlySpan<char> text)
    {
        int length = text[(_at + 1)..].IndexOf('<');
        int end = length < 0 ? text.Length : _at + 1 + length;
        int newline = text[_at..end].LastIndexOf('\n');
        _line = newline < 0 ? _line : _at + newline + 1;
        _at = end;
    }

    private readonly bool TryTag(ReadOnlySpan<char> text, out XmlTag tag)
    {
        ReadOnlySpan<char> rest = text[_at..];
        foreach ((XmlTagKind kind, string known) in Tags)
        {
            if (!rest.StartsWith(known))
                continue;

            bool isNamed = known[^1] == '=';
            int length = isNamed ? NameLength(rest[known.Length..]) : 0;
            if (length < 0)
                break;

            string name = rest.Slice(known.Length, length).Trim().ToString();
            tag = new XmlTag(kind, _at, _at + known.Length + length + (isNamed ? 1 : 0), _line, name);
            return !isNamed || name.Length > 0;
        }

        tag = default;
        return false;
    }

    private static bool MayBeTag(ReadOnlySpan<char> rest)
    {
        foreach ((_, string known) in Tags)
        {
            if (known.AsSpan().StartsWith(rest) || rest.StartsWith(known) && rest.Length - known.Length <= LongestName
                && rest[known.Length..].IndexOfAny("<>\n") < 0)
            {
                return true;
            }
        }

        return false;
    }

    // What stands before the tag's end; -1 if it does not end.
    private static int NameLength(ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOfAny("<>\n");
        return end >= 0 && end <= LongestName && rest[end] == '>' ? end : -1;
    }
}
