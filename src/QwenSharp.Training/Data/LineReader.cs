namespace QwenSharp.Training;

/// <summary>Reads a file line by line as bytes, with no more in memory than the longest line.</summary>
internal static class LineReader
{
    /// <summary>Far beyond any conversation; a file without line ends shall not fill the memory.</summary>
    private const int LongestLine = 64 << 20;

    /// <summary>
    /// The lines that are not blank, without their ends, their numbers from 1, and how far the file is read. The bytes hold until the next
    /// line is asked for.
    /// </summary>
    /// <exception cref="TrainingDataException">A line is too long.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<(long Number, ReadOnlyMemory<byte> Line, long Position)> Read(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        byte[] buffer = new byte[1 << 20];
        int start = 0, searched = 0, end = 0;
        bool isAtEnd = false;
        for (long number = 1; !isAtEnd; number++)
        {
            int newline;
            while ((newline = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n')) < 0 && !isAtEnd)
            {
                searched = end;
                if (start > 0)
                {
                    buffer.AsSpan(start, end - start).CopyTo(buffer);
                    (start, searched, end) = (0, searched - start, end - start);
                }

                if (end == LongestLine)
                    throw new TrainingDataException($"{path}:{number}: the line is longer than {LongestLine >> 20} MiB.");
                if (end == buffer.Length)
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, LongestLine));

                int read = stream.Read(buffer, end, buffer.Length - end);
                end += read;
                isAtEnd = read == 0;
            }

            int lineEnd = newline < 0 ? end : searched + newline;
            ReadOnlyMemory<byte> line = buffer.AsMemory(start, lineEnd - start);
            if (number == 1 && line.Span.StartsWith("\uFEFF"u8))
                line = line[3..];
            if (line.Span.ContainsAnyExcept(" \t\r"u8))
                yield return (number, line, stream.Position);

            isAtEnd &= newline < 0;
            start = searched = lineEnd + 1;
        }
    }
}
