using System.Text;

namespace QwenSharp.Agent.Workspaces;

/// <summary>A file as text, with what must stay as it is when the text is changed: the encoding and the byte-order mark.</summary>
internal sealed class TextFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Encoding Latin1 =
        Encoding.GetEncoding("latin1", new EncoderExceptionFallback(), new DecoderExceptionFallback());

    // Longer marks first: that of UTF-32 begins with that of UTF-16.
    private static readonly Encoding[] Marked =
        [new UTF32Encoding(false, true, true), new UTF32Encoding(true, true, true), new UTF8Encoding(true, true),
         new UnicodeEncoding(false, true, true), new UnicodeEncoding(true, true, true)];

    private readonly Encoding _encoding;
    private readonly byte[] _mark;

    private TextFile(string text, Encoding encoding, byte[] mark) => (Text, _encoding, _mark) = (text, encoding, mark);

    /// <summary>A file that does not exist yet: UTF-8, no mark.</summary>
    public static TextFile New { get; } = new("", Utf8, []);

    /// <summary>The text, with the line ends that the file has.</summary>
    public string Text { get; }

    /// <summary>The encoding as people name it.</summary>
    public string EncodingName => _encoding.WebName;

    /// <summary>Reads a file's bytes; null where they are no text.</summary>
    public static TextFile? Of(byte[] bytes)
    {
        Encoding? marked = Marked.FirstOrDefault(one => bytes.AsSpan().StartsWith(one.GetPreamble()));
        if (marked is not null)
            return Decoded(bytes, marked, marked.GetPreamble());

        // Whatever text needs no mark has no zeros in it. Latin-1 keeps every byte, so that the rest of the file cannot change.
        return bytes.AsSpan().Contains((byte)0)
            ? null
            : Decoded(bytes, Utf8, []) ?? Decoded(bytes, Latin1, []);
    }

    /// <summary>The bytes of a text in this file's encoding, with its mark.</summary>
    /// <exception cref="EncoderFallbackException">The encoding has no such character.</exception>
    public byte[] Encode(string text) => [.. _mark, .. _encoding.GetBytes(text)];

    private static TextFile? Decoded(byte[] bytes, Encoding encoding, byte[] mark)
    {
        try
        {
            TextFile file = new(encoding.GetString(bytes.AsSpan(mark.Length)), encoding, mark);
            return file.Encode(file.Text).AsSpan().SequenceEqual(bytes) ? file : null;
        }
        catch (ArgumentException)
        {
            // The bytes are none of this encoding's.
            return null;
        }
    }
}
