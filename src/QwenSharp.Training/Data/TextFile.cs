using System.Text;
using System.Text.Unicode;

namespace QwenSharp.Training;

/// <summary>
/// Plain text in UTF-8: documents one after the other, divided by <c>&lt;|endoftext|&gt;</c>; a file without it is one document.
/// White space around the divider does not count.
/// </summary>
internal static class TextFile
{
    private const string Divider = "<|endoftext|>";

    /// <summary>
    /// A longer document is read in parts, cut where a line ends if it can be: memory stays bounded, and rows of training are far shorter.
    /// </summary>
    private const int PartLength = 1 << 18;

    /// <summary>The documents that are not blank, and the parts of those that are long.</summary>
    /// <exception cref="TrainingDataException">The file is not UTF-8.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<ExampleText> Read(string path)
    {
        // A reader that looks for byte order marks goes on with an encoding of its own, which is not strict.
        using StreamReader reader = new(
            path,
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
            detectEncodingFromByteOrderMarks: false);
        StringBuilder pending = new();
        char[] buffer = new char[PartLength];
        bool isFirst = true;
        for (int read; (read = ReadBlock(reader, buffer, path)) > 0;)
        {
            int mark = isFirst && buffer[0] == '\uFEFF' ? 1 : 0;
            isFirst = false;
            string text = pending.Append(buffer, mark, read - mark).ToString();
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

    private static ExampleText? Document(string text) =>
        text.Trim() is { Length: > 0 } document ? ExampleText.Document(document, isEnd: true) : null;

    /// <summary>
    /// The last place after a line's end and before a character that is no white space, where no token spans both sides; where no line
    /// ends, the last before
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
            long line = LineReader.Read(path).First(line => !Utf8.IsValid(line.Line.Span)).Number;
            throw new TrainingDataException(
                $"{path}:{line}: the line is not UTF-8. Convert the file first, with iconv for instance; plain text is not skipped by "
                    + "lines.",
                error);
        }
    }
}
