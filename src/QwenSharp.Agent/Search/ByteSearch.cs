namespace QwenSharp.Agent.Search;

/// <summary>A text searched for in bytes: as it is, or in ASCII of either case.</summary>
internal sealed class ByteSearch
{
    // Letters of English and code, the commonest first: what is searched for is the rarest byte of the text.
    private const string Common = " etaoinsrlcdumpfhgbyvw_k.xqjz";

    private readonly byte[] _text;
    private readonly bool _ignoresCase;
    private readonly int _rarest;
    private readonly byte _lower;
    private readonly byte _upper;

    public ByteSearch(byte[] text, bool ignoresCase)
    {
        _ignoresCase = ignoresCase && Array.Exists(text, one => char.IsAsciiLetter((char)one));
        _text = ignoresCase ? [.. text.Select(Lower)] : text;
        _rarest = Enumerable.Range(0, _text.Length).MaxBy(i => Rarity(_text[i]));
        (_lower, _upper) = (_text[_rarest], (byte)char.ToUpperInvariant((char)_text[_rarest]));
    }

    /// <summary>Where the text first is; -1 where it is not.</summary>
    public int IndexIn(ReadOnlySpan<byte> bytes)
    {
        if (!_ignoresCase)
            return bytes.IndexOf(_text);

        for (int from = _rarest; from < bytes.Length;)
        {
            int found = _lower == _upper ? bytes[from..].IndexOf(_lower) : bytes[from..].IndexOfAny(_lower, _upper);
            if (found < 0)
                return -1;

            int start = from + found - _rarest;
            if (start + _text.Length <= bytes.Length && IsHere(bytes.Slice(start, _text.Length)))
                return start;

            from += found + 1;
        }

        return -1;
    }

    private bool IsHere(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < _text.Length; i++)
        {
            if (Lower(bytes[i]) != _text[i])
                return false;
        }

        return true;
    }

    private static byte Lower(byte one) => one is >= (byte)'A' and <= (byte)'Z' ? (byte)(one | 0x20) : one;

    private static int Rarity(byte one)
    {
        int place = Common.IndexOf((char)one, StringComparison.Ordinal);
        return place < 0 ? int.MaxValue : place;
    }
}
