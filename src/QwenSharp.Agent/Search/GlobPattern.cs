namespace QwenSharp.Agent.Search;

/// <summary>
/// A pattern of paths as shells and .gitignore write it: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>{a,b}</c>, and <c>**</c> for any number
/// of directories. It matches a whole path with slashes.
/// </summary>
internal sealed class GlobPattern
{
    private const int MostAlternatives = 256;

    private readonly GlobSegment[][] _alternatives;

    /// <param name="pattern">The pattern.</param>
    /// <param name="hasBraces">Whether braces stand for alternatives; to git they stand for themselves.</param>
    /// <exception cref="FormatException">A bracket or brace has no end, or the braces make too many patterns.</exception>
    public GlobPattern(string pattern, bool hasBraces = true) => _alternatives =
        [.. (hasBraces ? Expanded(pattern) : [pattern]).Select(one => one.Split('/').Select(name => new GlobSegment(name)).ToArray())];

    /// <summary>Whether a relative path, its names parted by slashes, is one of the pattern's.</summary>
    public bool IsMatch(ReadOnlySpan<char> path)
    {
        foreach (GlobSegment[] segments in _alternatives)
        {
            if (IsMatch(segments, path))
                return true;
        }

        return false;
    }

    // Only the last "**" needs to be tried anew: whatever an earlier one could take in addition, the last one can as well.
    private static bool IsMatch(ReadOnlySpan<GlobSegment> segments, ReadOnlySpan<char> path)
    {
        int segment = 0, retrySegment = -1, retryAt = 0, at = 0;
        for (; ; )
        {
            if (segment < segments.Length && segments[segment].IsAnyDirectories)
            {
                (retrySegment, retryAt) = (segment++, at);
                if (segment == segments.Length)
                    return at <= path.Length;

                continue;
            }

            if (at > path.Length && segment == segments.Length)
                return true;

            if (at <= path.Length && segment < segments.Length)
            {
                int end = NameEnd(path, at);
                if (segments[segment].IsMatch(path[at..end]))
                {
                    (at, segment) = (end + 1, segment + 1);
                    continue;
                }
            }

            if (retrySegment < 0 || retryAt > path.Length)
                return false;

            retryAt = NameEnd(path, retryAt) + 1;
            (at, segment) = (retryAt, retrySegment + 1);
        }
    }

    private static int NameEnd(ReadOnlySpan<char> path, int at)
    {
        if (at > path.Length)
            return path.Length;

        int slash = path[at..].IndexOf('/');
        return slash < 0 ? path.Length : at + slash;
    }

    private static List<string> Expanded(string pattern)
    {
        List<string> done = [];
        Stack<string> open = new([pattern]);
        while (open.TryPop(out string? one))
        {
            if (Braces(one) is not { } braces)
            {
                done.Add(one);
            }
            else
            {
                foreach (string choice in braces.Choices)
                    open.Push(string.Concat(one.AsSpan(0, braces.Start), choice, one.AsSpan(braces.End)));
            }

            if (done.Count + open.Count > MostAlternatives)
                throw new FormatException($"\"{pattern}\" stands for more than {MostAlternatives} patterns.");
        }

        return done;
    }

    // The first braces with a comma in them; others are plain characters.
    private static (int Start, int End, List<string> Choices)? Braces(string pattern)
    {
        for (int start = pattern.IndexOf('{'); start >= 0; start = pattern.IndexOf('{', start + 1))
        {
            List<string> choices = [];
            int depth = 0, from = start + 1;
            for (int i = start; i < pattern.Length; i++)
            {
                depth += pattern[i] switch { '{' => 1, '}' => -1, _ => 0 };
                if ((pattern[i] == ',' && depth == 1) || depth == 0)
                {
                    choices.Add(pattern[from..i]);
                    from = i + 1;
                }

                if (depth == 0)
                {
                    if (choices.Count > 1)
                        return (start, i + 1, choices);

                    break;
                }
            }

            if (depth != 0)
                throw new FormatException($"In \"{pattern}\" a brace is not closed.");
        }

        return null;
    }
}
