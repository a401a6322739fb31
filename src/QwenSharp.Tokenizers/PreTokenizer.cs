using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers;

/// <summary>The pattern that cuts text into pieces; byte pairs are merged only inside a piece.</summary>
public enum PreTokenizerPattern
{
    /// <summary>
    /// Qwen2, 2.5 and 3:
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
    /// </summary>
    Qwen2,

    /// <summary>
    /// Qwen3.5, where combining marks belong to words:
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
    /// </summary>
    Qwen35,
}

/// <summary>
/// Matches a <see cref="PreTokenizerPattern"/> by hand over UTF-8, one piece a call, in time linear in the text.
/// Every byte belongs to exactly one piece; a byte outside well-formed UTF-8 counts as a symbol.
/// </summary>
internal readonly struct PreTokenizer(PreTokenizerPattern pattern)
{
    /// <summary>What a word is made of: letters, and in Qwen3.5 marks.</summary>
    private readonly CharacterClass _word = pattern == PreTokenizerPattern.Qwen35
        ? CharacterClass.Letter | CharacterClass.Mark
        : CharacterClass.Letter;

    private CharacterClass NotSymbol => _word | CharacterClass.Number | CharacterClass.Space;

    /// <summary>Where the piece that starts at <paramref name="start"/> (before the end of the text) ends.</summary>
    public int EndOfPiece(ReadOnlySpan<byte> text, int start)
    {
        // (?i:'s|'t|'re|'ve|'m|'ll|'d)
        if (text[start] == '\'' && ContractionLength(text[(start + 1)..]) is int letters and > 0)
            return start + 1 + letters;

        CharacterClass first = CharacterClasses.At(text, start, out int length);
        int next = start + length;
        if ((first & _word) != 0)
            return EndOfRun(text, next, _word);

        // \p{N}
        if ((first & CharacterClass.Number) != 0)
            return next;

        if ((first & CharacterClass.Newline) == 0 && next < text.Length)
        {
            // [^\r\n\p{L}\p{N}]?\p{L}+
            CharacterClass second = CharacterClasses.At(text, next, out int secondLength);
            if ((second & _word) != 0)
                return EndOfRun(text, next + secondLength, _word);

            //  ?[^\s\p{L}\p{N}]+[\r\n]* with its space
            if (text[start] == ' ' && (second & NotSymbol) == 0)
                return EndOfSymbols(text, next + secondLength);
        }

        return (first & CharacterClass.Space) == 0 ? EndOfSymbols(text, next) : EndOfSpace(text, start);
    }

    /// <summary>
    /// Bytes of the contraction after the apostrophe, or 0. U+017F (ſ) folds to s under (?i), and no other letter beyond ASCII matters.
    /// </summary>
    private static int ContractionLength(ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty)
            return 0;

        switch (rest[0] | 0x20)
        {
            case 's' or 't' or 'm' or 'd':
                return 1;
            case 'r' or 'v' when rest.Length > 1 && (rest[1] | 0x20) == 'e':
            case 'l' when rest.Length > 1 && (rest[1] | 0x20) == 'l':
                return 2;
            default:
                return rest.StartsWith("ſ"u8) ? 2 : 0;
        }
    }

    private static int EndOfRun(ReadOnlySpan<byte> text, int position, CharacterClass wanted)
    {
        while (position < text.Length && (CharacterClasses.At(text, position, out int length) & wanted) != 0)
            position += length;

        return position;
    }

    private int EndOfSymbols(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length && (CharacterClasses.At(text, position, out int length) & NotSymbol) == 0)
            position += length;

        while (position < text.Length && text[position] is (byte)'\r' or (byte)'\n')
            position++;

        return position;
    }

    /// <summary>\s*[\r\n]+|\s+(?!\S)|\s+</summary>
    private static int EndOfSpace(ReadOnlySpan<byte> text, int start)
    {
        int end = start;
        int last = start;
        int afterNewline = start;
        while (end < text.Length)
        {
            CharacterClass found = CharacterClasses.At(text, end, out int length);
            if ((found & CharacterClass.Space) == 0)
                break;

            last = end;
            end += length;
            if ((found & CharacterClass.Newline) != 0)
                afterNewline = end;
        }

        if (afterNewline > start)
            return afterNewline;

        // Before a word or symbol the last space is left to it, unless it is the only one.
        return end == text.Length || last == start ? end : last;
    }
}
