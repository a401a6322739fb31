namespace QwenSharp.Agent.Tools.Shell;

/// <summary>The environment of commands: nothing in it waits for a person or draws for one.</summary>
internal static class ShellEnvironment
{
    /// <summary>Sets it.</summary>
    /// <param name="environment">That of the agent.</param>
    /// <param name="further">What people have set; it wins.</param>
    public static void Set(IDictionary<string, string?> environment, IReadOnlyDictionary<string, string> further)
    {
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)
            [("PAGER", "cat"), ("GIT_PAGER", "cat"), ("MANPAGER", "cat"), ("TERM", "dumb"), ("GIT_TERMINAL_PROMPT", "0"),
             ("GIT_EDITOR", "false"), ("EDITOR", "false"), ("VISUAL", "false"), ("DEBIAN_FRONTEND", "noninteractive"), ("QWENSHARP", "1")])
        {
            environment[name] = value;
        }

        // A file that Bash would run first.
        environment.Remove("BASH_ENV");
        environment.Remove("ENV");
        foreach ((string name, string value) in further)
            environment[name] = value;
    }
}
