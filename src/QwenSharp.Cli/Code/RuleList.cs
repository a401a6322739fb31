namespace QwenSharp.Cli.Code;

/// <summary>Rules as they are typed: <c>read_file, run_shell_command(git log *)</c>.</summary>
internal static class RuleList
{
    /// <summary>The single rules; commas and spaces inside parentheses belong to a rule.</summary>
    public static IReadOnlyList<string> Split(IEnumerable<string> typed) => [.. typed.SelectMany(Split)];

    private static IEnumerable<string> Split(string typed)
    {
        int depth = 0, start = 0;
        for (int i = 0; i <= typed.Length; i++)
        {
            bool ends = i == typed.Length || (depth == 0 && (typed[i] == ',' || char.IsWhiteSpace(typed[i])));
            if (ends)
            {
                if (i > start)
                    yield return typed[start..i];

                start = i + 1;
            }
            else if (typed[i] == '(')
            {
                depth++;
            }
            else if (typed[i] == ')' && depth > 0)
            {
                depth--;
            }
        }
    }
}
