using System.Text;

namespace QwenSharp.Tokenizers.Unicode;

/// <summary>Reads and writes single code points in UTF-8 that need not be well formed.</summary>
internal static class Utf8CodePoint
{
    /// <summary>Stands for a byte that belongs to no well-formed sequence; no code point has this value.</summary>
    public const int Invalid = -1;

    /// <summary>The code point that starts at <paramref name="position"/>, or <see cref="Invalid"/> of length 1.</summary>
    public static int Read(ReadOnlySpan<byte> text, int position, out int length)
    {
        int first = text[position];
        if (first < 0x80)
        {
            length = 1;
            return first;
        }

        // E0 and ED restrict their second byte (over-long forms, surrogates); those and 4-byte forms take the slow path.
        if (first is >= 0xC2 and < 0xE0 && position + 1 < text.Length && (text[position + 1] & 0xC0) == 0x80)
        {
            length = 2;
            return (first & 0x1F) << 6 | text[position + 1] & 0x3F;
        }

        if (first is > 0xE0 and < 0xF0 and not 0xED && position + 2 < text.Length
            && (text[position + 1] & 0xC0) == 0x80 && (text[position + 2] & 0xC0) == 0x80)
        {
            length = 3;
            return (first & 0x0F) << 12 | (text[position + 1] & 0x3F) << 6 | text[position + 2] & 0x3F;
        }

        return ReadSlowly(text, position, out length);
    }

    /// <summary>Where the code point that ends at <paramref name="end"/> starts.</summary>
    public static int StartOfLast(ReadOnlySpan<byte> text, int end)
    {
        Rune.DecodeLastFromUtf8(text[..end], out _, out int length);
        return end - length;
    }

    /// <summary>Appends the UTF-8 form of <paramref name="codePoint"/>.</summary>
    public static void Append(ref PooledList<byte> output, int codePoint)
    {
        Span<byte> bytes = stackalloc byte[4];
        output.AddRange(bytes[..new Rune(codePoint).EncodeToUtf8(bytes)]);
    }

    private static int ReadSlowly(ReadOnlySpan<byte> text, int position, out int length)
    {
        if (Rune.DecodeFromUtf8(text[position..], out Rune rune, out length) == System.Buffers.OperationStatus.Done)
            return rune.Value;

        length = 1;
        return Invalid;
    }
}
