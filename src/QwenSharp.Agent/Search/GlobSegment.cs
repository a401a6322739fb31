using System.Text;

namespace QwenSharp.Agent.Search;

/// <summary>
/// One name of a pattern of paths: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a-z]</c>, a backslash before what is meant as it is.
/// </summary>
internal sealed class GlobSegment
{
    private readonly string _pattern;
    private readonly string? _literal;
    private readonly string? _suffix;

    /// <exception cref="FormatException">A bracket has no end.</exception>
    public GlobSegment(string pattern)
    {
        _pattern = pattern;
        IsAnyDirectories = pattern == "**";
        if (pattern.AsSpan().IndexOfAny("*?[\\") < 0)
            _literal = pattern;
        else if (pattern[0] == '*' && pattern.AsSpan(1).IndexOfAny("*?[\\") < 0)
            _suffix = pattern[1..];

        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
                i++;
            else if (pattern[i] == '[')
                i = ClassEnd(pattern, i) - 1;
        }
    }

    /// <summary>Whether it stands for any number of directories.</summary>
    public bool IsAnyDirectories { get; }


    /// <summary>Whether a name is one of the pattern's.</summary>
    public bool IsMatch(ReadOnlySpan<char> name)
    {
        if (_literal is not null)
            return name.SequenceEqual(_literal);

        if (_suffix is not null)
            return name.EndsWith(_suffix, StringComparison.Ordinal);

        // Only the last star needs to be tried anew.
        int at = 0, p = 0, star = -1, starAt = 0;
        while (at < name.Length)
        {
            if (p < _pattern.Length && _pattern[p] == '*')
            {
                (star, starAt) = (p++, at);
            }
            else if (p < _pattern.Length && Takes(ref p, name[at]))
            {
                at++;
            }
            else if (star >= 0)
            {
                (p, at) = (star + 1, ++starAt);
            }
            else
            {
                return false;
            }
        }

        return _pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private bool Takes(ref int p, char character)
    {
        int start = p;
        switch (_pattern[start])
        {
            case '?':
                p = start + 1;
                return true;
            case '[':
                p = ClassEnd(_pattern, start);
                return IsInClass(_pattern.AsSpan(start + 1, p - start - 2), character);
            case '\\' when start + 1 < _pattern.Length:
                p = start + 2;
                return _pattern[start + 1] == character;
            default:
                p = start + 1;
                return _pattern[start] == character;
        }
    }

    private static bool IsInClass(ReadOnlySpan<char> members, char character)
    {
        bool isNegated = members[0] is '!' or '^', isIn = false;
        for (int i = isNegated ? 1 : 0; i < members.Length; i++)
        {
            if (i + 2 < members.Length && members[i + 1] == '-')
            {
                isIn |= members[i] <= character && character <= members[i + 2];
                i += 2;
            }
            else
            {
                isIn |= members[i] == character;
            }
        }

        return isIn != isNegated;
    }

    // A bracket right at the beginning of the members is one of them.
    private static int ClassEnd(string pattern, int start)
    {
        int members = start + 1 < pattern.Length && pattern[start + 1] is ('!' or '^') ? start + 2 : start + 1;
        int end = members + 1 <= pattern.Length ? pattern.IndexOf(']', Math.Min(members + 1, pattern.Length)) : -1;
        return end < 0 ? throw new FormatException($"In \"{pattern}\" a bracket is not closed.") : end + 1;
    }
}
