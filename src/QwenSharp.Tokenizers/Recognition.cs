namespace QwenSharp.Tokenizers;

/// <summary>Which added tokens may be recognised in one text, and control tokens where.</summary>
/// <param name="parsing">For <see cref="TokenParsing.All"/>, control tokens are recognised only inside <paramref name="trusted"/>.</param>
/// <param name="trusted">Byte ranges in order, none empty, none touching another.</param>
internal readonly ref struct Recognition(TokenParsing parsing, ReadOnlySpan<(int Start, int End)> trusted)
{
    private readonly ReadOnlySpan<(int Start, int End)> _trusted = trusted;

    public bool Allows(AddedToken token, int start, int end) => parsing switch
    {
        TokenParsing.None => false,
        TokenParsing.Added => !token.IsControl,
        _ => !token.IsControl || IsTrusted(start, end),
    };

    /// <summary>Whether one trusted range holds all of <c>start..end</c>.</summary>
    private bool IsTrusted(int start, int end)
    {
        int low = 0;
        int high = _trusted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_trusted[middle].End <= start)
                low = middle + 1;
            else
                high = middle;
        }

        return low < _trusted.Length && _trusted[low].Start <= start && end <= _trusted[low].End;
    }
}
