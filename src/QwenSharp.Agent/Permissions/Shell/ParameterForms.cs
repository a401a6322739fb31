namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>What may stand between the braces of a variable.</summary>
internal static class ParameterForms
{
    private static readonly string[] Operators = [":-", "-", ":+", "+", ":?", "?", "##", "#", "%%", "%", "//", "/", "^", ","];

    /// <summary>
    /// Whether it only gives a value. Others assign, evaluate subscripts and offsets as arithmetic, follow another variable, or run what
    /// stands in the value.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<char> parameter)
    {
        ReadOnlySpan<char> rest = parameter is ['#', _, ..] ? parameter[1..] : parameter;
        int name = 0;
        while (name < rest.Length && (char.IsAsciiLetterOrDigit(rest[name]) || rest[name] == '_'))
            name++;

        if (name == 0)
            return rest.Length == 1 && "@*#?-$!".Contains(rest[0], StringComparison.Ordinal);

        rest = rest[name..];
        if (rest.IsEmpty)
            return true;

        foreach (string one in Operators)
        {
            if (rest.StartsWith(one))
                return true;
        }

        return false;
    }
}
