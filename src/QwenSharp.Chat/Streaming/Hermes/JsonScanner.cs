namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>Finds the end of a JSON object, in either kind of quotes, in text that is still coming in.</summary>
internal sealed class JsonScanner(int start)
{
    private readonly Stack<char> _open = [];
    private char _quote;

    /// <summary>Where the object begins.</summary>
    public int Start { get; } = start;

    /// <summary>What has been looked at.</summary>
    public int At { get; private set; } = start;

    /// <summary>How many brackets are open.</summary>
    public int Depth => _open.Count;

    /// <summary>Whether a string is open.</summary>
    public bool InString => _quote != '\0';

    /// <summary>The brackets that would close what is open.</summary>
    public string Closers => string.Concat(_open);

    /// <summary>Goes on to the object's end, or to the first character that cannot be part of it.</summary>
    /// <returns>True at the end, false at such a character, null where more has to come.</returns>
    public bool? Advance(ReadOnlySpan<char> text)
    {
        for (; At < text.Length; At++)
        {
            char c = text[At];
            if (InString)
            {
                if (c == '\\')
                {
                    // What is escaped comes with it.
                    if (At + 1 == text.Length)
                        return null;

                    At++;
                }
                else if (c == _quote)
                {
                    _quote = '\0';
                }
            }
            else if (c is '"' or '\'')
            {
                _quote = c;
            }
            else if (c is '{' or '[')
            {
                _open.Push(c == '{' ? '}' : ']');
            }
            else if (c is '}' or ']')
            {
                if (_open.Peek() != c)
                    return false;

                _open.Pop();
                if (_open.Count == 0)
                {
                    At++;
                    return true;
                }
            }
            else if (!char.IsWhiteSpace(c) && !char.IsAsciiLetterOrDigit(c) && c is not (',' or ':' or '+' or '-' or '.'))
            {
                return false;
            }
        }

        return null;
    }
}
