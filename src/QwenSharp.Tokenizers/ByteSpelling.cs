using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>
/// GPT-2's spelling of arbitrary bytes as visible characters, in which vocabularies and merges are written: a printable
/// Latin-1 character stands for itself, and the 68 other bytes are U+0100, U+0101, … in order.
/// </summary>
internal static class ByteSpelling
{
    /// <summary>The character of each byte; the last is U+0143, so all take one or two bytes of UTF-8.</summary>
    private static readonly char[] Characters = MakeCharacters();

    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char Spell(byte value) => Characters[value];

    /// <summary>
    /// Writes the bytes that <paramref name="spelled"/> (UTF-8) stands for and returns how many, at most the length of the input;
    /// or -1 where a character stands for no byte.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // All of its work is at start-up, before it could be tiered up.
    public static int Decode(ReadOnlySpan<byte> spelled, Span<byte> output)
    {
        int length = 0;
        for (int i = 0; i < spelled.Length; i++)
        {
            int character = spelled[i];
            if (character >= 0x80)
            {
                if (character is < 0xC2 or > 0xC5 || i + 1 == spelled.Length || (spelled[i + 1] & 0xC0) != 0x80)
                    return -1;

                character = (character & 0x1F) << 6 | spelled[++i] & 0x3F;
            }

            int value = character < Bytes.Length ? Bytes[character] : -1;
            if (value < 0)
                return -1;

            output[length++] = (byte)value;
        }

        return length;
    }

    private static char[] MakeCharacters()
    {
        char[] characters = new char[256];
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool isVisible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = isVisible ? (char)value : next++;
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
            bytes[Characters[value]] = (short)value;

        return bytes;
    }
}
