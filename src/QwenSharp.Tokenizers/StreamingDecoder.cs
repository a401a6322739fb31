using System.Text;

namespace QwenSharp.Tokenizers;

/// <summary>
/// Turns tokens into text as they come, in whole characters only: the bytes of a character that is not complete yet wait for the next
/// token.
/// Bytes that are not UTF-8 become U+FFFD; all parts together are the same text as decoding all tokens at once. For one stream, not for
/// many threads.
/// </summary>
/// <param name="tokenizer">The vocabulary.</param>
/// <param name="skipControl">Whether control tokens are left out.</param>
public sealed class StreamingDecoder(BpeTokenizer tokenizer, bool skipControl = false)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>The characters that this token completes; often empty in scripts whose characters take several tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not one of the vocabulary.</exception>
    public string Append(int id) => skipControl && tokenizer.IsControl(id) ? "" : Convert(tokenizer.GetBytes(id), flush: false);

    /// <summary>
    /// Ends the stream: U+FFFD for a character that was never completed, otherwise nothing. The decoder can then be used for another
    /// stream.
    /// </summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        // At most one character a byte, and one for what was waiting.
        int capacity = bytes.Length + 2;
        Span<char> characters = capacity <= 256 ? stackalloc char[256] : new char[capacity];
        return new string(characters[.._decoder.GetChars(bytes, characters, flush)]);
    }
}
