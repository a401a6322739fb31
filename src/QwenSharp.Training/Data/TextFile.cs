using System.Text;

namespace QwenSharp.Training;

/// <summary>
/// Plain text in UTF-8: documents one after the other, divided by <c>&lt;|endoftext|&gt;</c>; a file without it is one document.
/// White space around the divider does not count.
/// </summary>
internal static class TextFile
{
    private const string Divider = "<|endoftext|>";

    /// <summary>A longer document is read in parts, cut where a line ends if it can be: memory stays bounded, and rows of training are far shorter.</summary>
    private const int PartLength = 1 << 18;

    /// <summary>The documents that are not blank, and the parts of those that are long.</summary>
    /// <exception cref="TrainingDataException">The file is not UTF-8.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<ExampleText> Read(string path)
    {
        using StreamReader reader = new(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        StringBuilder pending = new();
        char[] buffer = new char[PartLength];
        for (int read; (read = ReadBlock(reader, buffer, path)) > 0;)
        {
            string text = pending.Append(buffer, 0, read).ToString();
            int start = 0;
            for (int end; (end = text.IndexOf(Divider, start, StringComparison.Ordinal)) >= 0; start = end + Divider.Length)
            {
                if (Document(text[start..end]) is { } document)
                    yield return document;
            }

            int cut = text.Length - start > PartLength ? PlaceToCut(text, start) : start;
            if (cut > start)
                yield return ExampleText.Document(text[start..cut], isEnd: false);

            pending.Clear().Append(text, cut, text.Length - cut);
        }

        if (Document(pending.ToString()) is { } last)
            yield return last;
    }

    private static ExampleText? Document(string text) => text.Trim() is { Length: > 0 } document ? ExampleText.Document(document, isEnd: true) : null;

    /// <summary>
    /// The last place after a line's end and before a character that is no white space, where no token spans both sides; where no line ends, the last before
    /// such a character. A divider that is only begun stays whole.
    /// </summary>
    private static int PlaceToCut(string text, int start)
    {
        int place = start;
        for (int i = text.Length - Divider.Length; i > start; i--)
        {
            if (char.IsWhiteSpace(text[i]) || char.IsLowSurrogate(text[i]))
                continue;
            if (text[i - 1] == '\n')
                return i;
            if (place == start)
                place = i;
        }

        return place;
    }

    private static int ReadBlock(StreamReader reader, char[] buffer, string path)
    {
        try
        {
            return reader.ReadBlock(buffer);
        }
        catch (DecoderFallbackException error)
        {
            throw new TrainingDataException($"{path}: the file is not UTF-8: {error.Message}", error);
        }
    }
}
