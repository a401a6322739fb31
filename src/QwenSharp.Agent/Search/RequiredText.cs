using System.Text;

namespace QwenSharp.Agent.Search;

/// <summary>The longest text that a regular expression cannot match without, found by looking at what stands outside of groups.</summary>
internal static class RequiredText
{
    /// <summary>The text; empty where there is none that is sure.</summary>
    /// <param name="pattern">A correct regular expression.</param>
    /// <param name="ignoresCase">Whether only ASCII can be compared without regard to case.</param>
    public static string Of(string pattern, bool ignoresCase)
    {
        StringBuilder run = new();
        string longest = "";
        for (int i = 0; i < pattern.Length; i++)
        {
            char character = pattern[i];
            switch (character)
            {
                case '|':
                    return "";
                case '(':
                    // Settings may change what everything after them means.
                    if (i + 2 < pattern.Length && pattern[i + 1] == '?' && (char.IsLetter(pattern[i + 2]) || pattern[i + 2] == '-'))
                        return "";

                    End();
                    i = GroupEnd(pattern, i);
                    break;
                case '[':
                    End();
                    i = ClassEnd(pattern, i);
                    break;
                case '*' or '?' or '{':
                    if (run.Length > 0)
                        run.Length--;

                    End();
                    i = character == '{' ? CountEnd(pattern, i) : i;
                    break;
                case '+' or '.' or '^' or '$':
                    End();
                    break;
                case '\\' when i + 1 < pattern.Length && !char.IsLetterOrDigit(pattern[i + 1]):
                    run.Append(pattern[++i]);
                    break;
                case '\\':
                    // Of others, what follows belongs to them.
                    if (i + 1 == pattern.Length || !"bBwWsSdDtnrfvae".Contains(pattern[i + 1], StringComparison.Ordinal))
                        return "";

                    End();
                    i++;
                    break;
                case > '\x7F' when ignoresCase || char.IsSurrogate(character):
                    End();
                    break;
                default:
                    run.Append(character);
                    break;
            }
        }

        End();
        return longest;

        void End()
        {
            if (run.Length > longest.Length)
                longest = run.ToString();

            run.Clear();
        }
    }

    // A brace that is not about a count stands for itself.
    private static int CountEnd(string pattern, int start)
    {
        int end = start + 1;
        while (end < pattern.Length && (char.IsAsciiDigit(pattern[end]) || pattern[end] == ','))
            end++;

        return end < pattern.Length && pattern[end] == '}' ? end : start;
    }

    private static int GroupEnd(string pattern, int start)
    {
        int depth = 0;
        for (int i = start; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    break;
                case '[':
                    i = ClassEnd(pattern, i);
                    break;
                case '(':
                    depth++;
                    break;
                case ')' when --depth == 0:
                    return i;
            }
        }

        return pattern.Length;
    }

    private static int ClassEnd(string pattern, int start)
    {
        int first = start + 1 < pattern.Length && pattern[start + 1] == '^' ? start + 2 : start + 1;
        for (int i = first; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
                i++;
            else if (pattern[i] == ']' && i > first)
                return i;
        }

        return pattern.Length;
    }
}
