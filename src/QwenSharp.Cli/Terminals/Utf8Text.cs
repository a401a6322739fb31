using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>Text from files and pipes: UTF-8 or nothing, as a letter that is read wrongly is found late.</summary>
internal static class Utf8Text
{
    /// <summary>Throws <see cref="DecoderFallbackException"/> where bytes are not UTF-8.</summary>
    public static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    /// <summary>The whole text of a file, without a byte order mark.</summary>
    /// <exception cref="InvalidDataException">It is not UTF-8; the message names the file and the byte.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string ReadFile(string path)
    {
        // Read as text, a file with the mark of another encoding would be taken for that one, and one with UTF-8's own be decoded
        // leniently.
        string text = Decode(File.ReadAllBytes(path), path);
        return text is ['\uFEFF', ..] ? text[1..] : text;
    }

    /// <summary>Bytes as text, exactly: no byte order mark dropped.</summary>
    /// <param name="bytes">UTF-8.</param>
    /// <param name="source">Where they come from, as the message begins.</param>
    /// <exception cref="InvalidDataException">They are not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string source)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException wrong)
        {
            throw Refused(source, $" at byte {wrong.Index + 1}", wrong);
        }
    }

    /// <summary>What is said of text that is not UTF-8.</summary>
    public static InvalidDataException Refused(string source, string where, DecoderFallbackException cause) =>
        new($"{source} is not UTF-8 text{where}. Convert it first, with iconv for instance.", cause);
}
