using System.Text.Unicode;

namespace QwenSharp.Tokenizers;

/// <summary>UTF-16 to UTF-8, with character ranges carried over to byte ranges. A lone surrogate becomes U+FFFD.</summary>
internal static class Transcoding
{
    /// <summary>Appends <paramref name="text"/> in UTF-8.</summary>
    public static void AppendUtf8(ReadOnlySpan<char> text, ref PooledList<byte> output)
    {
        int before = output.Count;
        Utf8.FromUtf16(text, output.Extend(checked(text.Length * 3)), out _, out int written);
        output.Truncate(before + written);
    }

    /// <summary>
    /// Appends <paramref name="text"/> in UTF-8, and the byte ranges of <paramref name="ranges"/>: empty ones left out, touching ones
    /// joined.
    /// </summary>
    /// <exception cref="ArgumentException">A range is outside the text, or starts before the one before it ends.</exception>
    public static void AppendUtf8(
        ReadOnlySpan<char> text, ReadOnlySpan<Range> ranges, ref PooledList<byte> output, ref PooledList<(int Start, int End)> byteRanges)
    {
        int done = 0;
        int previousEnd = 0;
        foreach (Range range in ranges)
        {
            int start = range.Start.GetOffset(text.Length);
            int end = range.End.GetOffset(text.Length);
            if (start < previousEnd || end < start || end > text.Length)
            {
                throw new ArgumentException(
                    $"Trusted range {range} does not fit: ranges must lie inside the text's {text.Length} characters, in order and "
                        + "without overlap.",
                    nameof(ranges));
            }

            previousEnd = end;

            // Half a surrogate pair is not a character that could be trusted.
            start = SplitsPair(text, start) ? start + 1 : start;
            end = SplitsPair(text, end) ? end - 1 : end;
            if (start >= end)
                continue;

            AppendUtf8(text[done..start], ref output);
            int startByte = output.Count;
            AppendUtf8(text[start..end], ref output);
            done = end;
            if (byteRanges.Count > 0 && byteRanges.Items[^1].End == startByte)
                byteRanges.Items[^1].End = output.Count;
            else
                byteRanges.Add((startByte, output.Count));
        }

        AppendUtf8(text[done..], ref output);
    }

    private static bool SplitsPair(ReadOnlySpan<char> text, int at) =>
        at > 0 && at < text.Length && char.IsHighSurrogate(text[at - 1]) && char.IsLowSurrogate(text[at]);
}
