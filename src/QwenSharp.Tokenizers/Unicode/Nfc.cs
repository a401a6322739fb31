namespace QwenSharp.Tokenizers.Unicode;

/// <summary>
/// Unicode normalization form C over UTF-8 (UAX #15). The tables are the library's own, so the result does not depend on
/// ICU, the system or the invariant-globalization switch.
/// </summary>
internal static class Nfc
{
    /// <summary>True where the text is certainly in form C already; nearly all text is, and Latin text is passed at memory speed.</summary>
    public static bool IsSettled(ReadOnlySpan<byte> text) => FirstUnsettled(text, 0) == text.Length;

    /// <summary>Appends the normalized text. Bytes outside well-formed UTF-8 pass unchanged and join nothing.</summary>
    public static void Normalize(ReadOnlySpan<byte> text, ref PooledList<byte> output)
    {
        CanonicalData data = CanonicalData.Instance;
        PooledList<int> run = new(64);
        int copied = 0;
        for (int unsettled; (unsettled = FirstUnsettled(text, copied)) < text.Length;)
        {
            // Only the starter just before an unsettled character can join it.
            int start = unsettled > copied ? Utf8CodePoint.StartOfLast(text[copied..unsettled], unsettled - copied) + copied : unsettled;
            if (Utf8CodePoint.Read(text, start, out _) == Utf8CodePoint.Invalid)
                start = unsettled;

            output.AddRange(text[copied..start]);
            copied = start;
            while (copied < text.Length)
            {
                int codePoint = Utf8CodePoint.Read(text, copied, out int length);
                if (copied >= unsettled && (codePoint == Utf8CodePoint.Invalid || !data.IsUnsettled(codePoint)))
                    break;

                data.Decompose(codePoint, ref run);
                copied += length;
            }

            Reorder(run.Items, data);
            run.Truncate(Compose(run.Items, data));
            foreach (int codePoint in run.Items)
                Utf8CodePoint.Append(ref output, codePoint);
            run.Truncate(0);
        }

        output.AddRange(text[copied..]);
        run.Dispose();
    }

    private static int FirstUnsettled(ReadOnlySpan<byte> text, int from)
    {
        // Everything below U+0300 is settled, and only code points from U+0300 on hold a byte of 0xCC or more.
        int skipped = text[from..].IndexOfAnyInRange((byte)0xCC, (byte)0xFF);
        if (skipped < 0)
            return text.Length;

        CanonicalData data = CanonicalData.Instance;
        for (int position = from + skipped, length; position < text.Length; position += length)
        {
            int codePoint = Utf8CodePoint.Read(text, position, out length);
            if (codePoint != Utf8CodePoint.Invalid && data.IsUnsettled(codePoint))
                return position;
        }

        return text.Length;
    }

    /// <summary>Sorts each run of combining characters by class, keeping the order within a class.</summary>
    private static void Reorder(Span<int> text, CanonicalData data)
    {
        for (int start = 0; start < text.Length; start++)
        {
            if (data.CombiningClass(text[start]) == 0)
                continue;

            int end = start + 1;
            while (end < text.Length && data.CombiningClass(text[end]) != 0)
                end++;

            if (end - start > 1)
                SortByClass(text[start..end], data);
            start = end;
        }
    }

    private static void SortByClass(Span<int> marks, CanonicalData data)
    {
        // Class, then place: a stable order from a sort that is not, and n log n on hostile runs.
        PooledList<ulong> keys = new(marks.Length);
        PooledList<int> sorted = new(marks.Length);
        for (int i = 0; i < marks.Length; i++)
            keys.Add((ulong)data.CombiningClass(marks[i]) << 32 | (uint)i);

        keys.Items.Sort();
        foreach (ulong key in keys.Items)
            sorted.Add(marks[(int)(uint)key]);

        sorted.Items.CopyTo(marks);
        keys.Dispose();
        sorted.Dispose();
    }

    /// <summary>Composes in place (UAX #15, definition D117) and returns the new length.</summary>
    private static int Compose(Span<int> text, CanonicalData data)
    {
        int starter = -1;
        int length = 0;
        int lastClass = 0;
        foreach (int codePoint in text)
        {
            int combiningClass = data.CombiningClass(codePoint);
            bool isBlocked = length > starter + 1 && lastClass >= combiningClass;
            if (starter >= 0 && !isBlocked && data.Compose(text[starter], codePoint) is int composite and > 0)
            {
                text[starter] = composite;
                continue;
            }

            if (combiningClass == 0)
                starter = length;
            lastClass = combiningClass;
            text[length++] = codePoint;
        }

        return length;
    }
}
