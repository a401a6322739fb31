using System.Text;

namespace QwenSharp.Cli.Terminals;

/// <summary>Files of text: UTF-8 or nothing, as a letter that is read wrongly is found late.</summary>
internal static class Utf8File
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The whole text, without a byte order mark.</summary>
    /// <exception cref="InvalidDataException">It is not UTF-8; the message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Strict);
        }
        catch (DecoderFallbackException wrong)
        {
            throw new InvalidDataException($"{path} is not UTF-8 text. Convert it first, with iconv for instance.", wrong);
        }
    }
}
