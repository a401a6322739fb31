using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace QwenSharp.Agent.Search;

/// <summary>Searches whole lines of UTF-8. One is used by one thread.</summary>
internal sealed class LineSearch(SearchPattern pattern)
{
    /// <summary>The characters of a line that are shown.</summary>
    private const int MostShown = 300;

    private readonly ByteSearch? _literal = pattern.Literal is null ? null : new ByteSearch(pattern.Literal, pattern.IgnoresCase);

    /// <summary>Adds the lines with a match.</summary>
    /// <param name="content">Lines; the last one may have no end.</param>
    /// <param name="firstLine">The number of the first one.</param>
    /// <param name="found">Where they go.</param>
    /// <param name="most">No more than this many are wanted.</param>
    /// <exception cref="RegexMatchTimeoutException">The expression takes too long on a line.</exception>
    public void Search(ReadOnlySpan<byte> content, int firstLine, List<FoundLine> found, int most)
    {
        if (_literal is not null)
            SearchByLiteral(_literal, content, firstLine, found, most);
        else
            SearchByExpression(content, firstLine, found, most);
    }

    private void SearchByLiteral(ByteSearch literal, ReadOnlySpan<byte> content, int firstLine, List<FoundLine> found, int most)
    {
        int line = firstLine, counted = 0;
        for (int at = 0; at < content.Length && found.Count < most;)
        {
            int candidate = literal.IndexIn(content[at..]);
            if (candidate < 0)
                return;

            (int start, int end) = LineAround(content, at + candidate);
            string? text = pattern.IsLiteral || Matches(content[start..end]) ? Shown(content[start..end]) : null;
            if (text is not null)
            {
                line += content[counted..start].Count((byte)'\n');
                counted = start;
                found.Add(new FoundLine(line, text));
            }

            at = end + 1;
        }
    }

    // Where a match cannot reach over a line's end, all lines are one text to look through.
    private void SearchByExpression(ReadOnlySpan<byte> content, int firstLine, List<FoundLine> found, int most)
    {
        char[] rented = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(content.Length));
        try
        {
            ReadOnlySpan<char> text = rented.AsSpan(0, Encoding.UTF8.GetChars(content, rented));
            int line = firstLine, counted = 0;
            for (int at = 0; at < text.Length && found.Count < most;)
            {
                int start = at;
                if (!pattern.NeedsWholeLines)
                {
                    int first = First(text, at);
                    if (first < 0)
                        return;

                    start = text[..first].LastIndexOf('\n') + 1;
                }

                int length = text[start..].IndexOf('\n');
                int end = length < 0 ? text.Length : start + length;
                ReadOnlySpan<char> one = text[start..end].TrimEnd('\r');
                if (pattern.Regex.IsMatch(one))
                {
                    line += text[counted..start].Count('\n');
                    counted = start;
                    found.Add(new FoundLine(line, Cut(one)));
                }

                at = end + 1;
            }
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    private int First(ReadOnlySpan<char> text, int at)
    {
        foreach (ValueMatch match in pattern.Regex.EnumerateMatches(text, at))
            return match.Index < text.Length ? match.Index : -1;

        return -1;
    }

    private bool Matches(ReadOnlySpan<byte> line)
    {
        char[] rented = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(line.Length));
        try
        {
            return pattern.Regex.IsMatch(rented.AsSpan(0, Encoding.UTF8.GetChars(line, rented)).TrimEnd('\r'));
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    private static (int Start, int End) LineAround(ReadOnlySpan<byte> content, int at)
    {
        int length = content[at..].IndexOf((byte)'\n');
        return (content[..at].LastIndexOf((byte)'\n') + 1, length < 0 ? content.Length : at + length);
    }

    private static string Shown(ReadOnlySpan<byte> line) =>
        Cut(Encoding.UTF8.GetString(line[..Math.Min(line.Length, 4 * MostShown)]).AsSpan().TrimEnd('\r'));

    private static string Cut(ReadOnlySpan<char> line) => line.Length <= MostShown ? line.ToString() : $"{line[..MostShown]}…";
}
