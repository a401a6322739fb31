using System.Globalization;
using System.Text;
using Spectre.Console.Rendering;

namespace QwenSharp.Cli.Terminals;

/// <summary>How many cells of a terminal's row a text takes.</summary>
internal static class Cells
{
    // An emoji is asked for where the character before may be a letter's; UTS #51.
    private const int EmojiStyle = 0xFE0F;

    /// <summary>Where the character that begins at an index ends: letter and marks, joined emoji and flags are one (UAX #29).</summary>
    public static int Next(ReadOnlySpan<char> text, int index) =>
        index + 1 < text.Length && char.IsAscii(text[index]) && char.IsAscii(text[index + 1])
            ? index + 1
            : index + StringInfo.GetNextTextElementLength(text[index..]);

    /// <summary>Where the character begins that ends at an index.</summary>
    public static int Previous(ReadOnlySpan<char> text, int index)
    {
        int previous = 0;
        for (int next = 0; next < index; next = Next(text, next))
            previous = next;

        return previous;
    }

    /// <summary>The cells of one character: 0, 1 or 2.</summary>
    public static int OfCharacter(ReadOnlySpan<char> character)
    {
        if (character is [>= ' ' and <= '~'])
            return 1;

        int cells = 0, flags = 0;
        foreach (Rune rune in character.EnumerateRunes())
        {
            if (rune.Value == EmojiStyle)
                return 2;

            flags += rune.Value is >= 0x1F1E6 and <= 0x1F1FF ? 1 : 0;
            cells = Math.Max(cells, new Segment(rune.ToString()).CellCount());
        }

        return flags == 2 ? 2 : cells;
    }

    /// <summary>The cells of a text without line ends.</summary>
    public static int Of(ReadOnlySpan<char> text)
    {
        int cells = 0;
        for (int i = 0; i < text.Length; i = Next(text, i))
            cells += OfCharacter(text[i..Next(text, i)]);

        return cells;
    }

    /// <summary>As much of a text as fits.</summary>
    public static string Cut(string text, int cells)
    {
        int end = 0;
        while (end < text.Length && (cells -= OfCharacter(text.AsSpan(end..Next(text, end)))) >= 0)
            end = Next(text, end);

        return text[..end];
    }
}
