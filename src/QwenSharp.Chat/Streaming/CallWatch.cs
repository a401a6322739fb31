namespace QwenSharp.Chat.Streaming;

/// <summary>
/// Follows free text for the place where a call begins: behind its opening tag, unless that stands in a block of code. The mask that holds
/// calls to their form and the reader of the reply both go by it, so that they agree.
/// </summary>
public sealed class CallWatch
{
    /// <summary>What every dialect opens a call with.</summary>
    public const string Opening = "<tool_call>";

    private const int Fence = 3;

    private int _column, _ticks, _matched;

    /// <summary>Whether the text is in a block of code.</summary>
    public bool InCode { get; private set; }

    /// <summary>Takes the next character, or byte of UTF-8: all that counts is ASCII.</summary>
    /// <returns>Whether a call begins behind it.</returns>
    public bool Read(char next)
    {
        if (next == '\n')
        {
            StartLine();
            return false;
        }

        _ticks += next == '`' && _ticks == _column ? 1 : 0;
        _column++;
        if (_column == Fence && _ticks == Fence)
            InCode = !InCode;

        // No beginning of the tag comes again inside of it.
        _matched = next == Opening[_matched] ? _matched + 1 : next == Opening[0] ? 1 : 0;
        if (_matched < Opening.Length)
            return false;

        _matched = 0;
        return !InCode;
    }

    /// <summary>Goes on at the beginning of a line, as behind a call.</summary>
    public void StartLine() => _column = _ticks = _matched = 0;
}
