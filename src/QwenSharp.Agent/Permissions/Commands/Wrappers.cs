using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Programs and builtins that run the command that their arguments are.</summary>
internal static class Wrappers
{
    private const int MostNested = 10;

    // Options that stand alone, and those that take the word behind them, where it is not attached.
    private static readonly Dictionary<string, (string[] Alone, string[] Valued, int Values)> Transparent = new()
    {
        ["nice"] = ([], ["-n", "--adjustment"], 0),
        ["nohup"] = ([], [], 0),
        ["timeout"] = (["--preserve-status", "--foreground", "-v", "--verbose"], ["-s", "--signal", "-k", "--kill-after"], 1),
        ["stdbuf"] = ([], ["-i", "-o", "-e", "--input", "--output", "--error"], 0),
        ["setsid"] = (["-c", "-f", "-w", "--ctty", "--fork", "--wait"], [], 0),
        ["ionice"] = (["-t", "--ignore"], ["-c", "--class", "-n", "--classdata"], 0),
        ["command"] = (["-p"], [], 0),
        ["builtin"] = ([], [], 0),
        ["exec"] = (["-c", "-l"], ["-a"], 0),
        ["xargs"] = (
            ["-0", "--null", "-r", "--no-run-if-empty", "-t", "--verbose", "-x", "--exit"],
            ["-n", "--max-args", "-L", "--max-lines", "-P", "--max-procs", "-I", "-d", "--delimiter", "-s", "--max-chars"],
            0),
    };

    private static readonly HashSet<string> Shells = ["sh", "bash", "dash", "zsh", "ksh", "ash"];

    // These change more than what runs: who runs it, where, or how often.
    private static readonly HashSet<string> Opaque =
        ["sudo", "doas", "su", "runuser", "pkexec", "chroot", "unshare", "nsenter", "ssh", "watch", "strace", "ltrace", "gdb", "parallel",
         "busybox", "toybox", "docker", "podman", "script", "flock", "systemd-run", "at", "batch", "time", "chrt", "taskset", "numactl",
         "setpriv", "capsh", "firejail", "bwrap", "fakeroot", "catchsegv", "valgrind", "perf", "entr", "tmux", "screen", "expect", "find",
         "fd",
         "git", "trap", "source", "."];

    /// <summary>The commands that a command comes to. It stays itself where that is not sure.</summary>
    public static IEnumerable<SimpleCommand> Unwrapped(SimpleCommand command, int depth)
    {
        if (depth > MostNested)
            throw new ShellSyntaxException("runs commands by way of too many others");

        IEnumerable<SimpleCommand>? inner = command.Program switch
        {
            _ when command.Words.Count < 2 => null,
            "env" => Environment(command),
            "eval" when command.Arguments.All(word => word.IsKnown) =>
                ShellParser.Parse(string.Join(' ', command.Arguments.Select(word => word.Text))),
            "find" => Actions(command),
            "trap" when command.Words is [_, { IsKnown: true } action, _, ..] => ShellParser.Parse(action.Text),
            var shell when Shells.Contains(shell) => Script(command),
            var wrapper when Transparent.ContainsKey(wrapper) => Wrapped(command, wrapper),
            _ => null,
        };
        if (inner is null)
            return [command];

        // What the wrapper was given, its command has. These do something of their own as well.
        IEnumerable<SimpleCommand> own = command.Program is "find" or "trap" ? [command] : [];
        return own.Concat(inner
            .Select(one => one with
            {
                Assignments = [.. command.Assignments, .. one.Assignments],
                Redirections = [.. command.Redirections, .. one.Redirections],
            })
            .SelectMany(one => Unwrapped(one, depth + 1)));
    }

    /// <summary>
    /// What a command may run, for rules that forbid: the command, and of a program that runs others each of the commands that its
    /// arguments may be.
    /// </summary>
    public static IEnumerable<SimpleCommand> Possible(SimpleCommand command)
    {
        yield return command;
        if (!Opaque.Contains(command.Program) && !Transparent.ContainsKey(command.Program) && !Shells.Contains(command.Program)
            && command.Program is not ("env" or "eval"))
        {
            yield break;
        }

        for (int i = 1; i < command.Words.Count; i++)
            yield return command with { Words = [.. command.Words.Skip(i)] };
    }

    private static IEnumerable<SimpleCommand>? Wrapped(SimpleCommand command, string wrapper)
    {
        (string[] alone, string[] valued, int values) = Transparent[wrapper];
        int at = Behind(command.Words, alone, valued);
        if (at < 0 || at + values >= command.Words.Count)
            return null;

        IEnumerable<ShellWord> words = command.Words.Skip(at + values);
        ShellWord[] unknown = [new ShellWord("", "", "", IsKnown: false, MaySplit: true, IsHome: false)];
        return [command with { Words = [.. words, .. wrapper == "xargs" ? unknown : []], Redirections = [], Assignments = [] }];
    }

    private static IEnumerable<SimpleCommand>? Environment(SimpleCommand command)
    {
        int at = Behind(command.Words, ["-i", "-", "--ignore-environment"], ["-u", "--unset"]);
        if (at < 0)
            return null;

        List<(string, ShellWord)> assignments = [];
        for (; at < command.Words.Count && command.Words[at] is { IsKnown: true } word && word.Text.IndexOf('=') > 0; at++)
        {
            int equals = word.Text.IndexOf('=');
            assignments.Add((word.Text[..equals], ShellWord.Known(word.Text[(equals + 1)..])));
        }

        return at == command.Words.Count
            ? null
            : [command with { Words = [.. command.Words.Skip(at)], Assignments = assignments, Redirections = [] }];
    }

    // "-c" and its text; other options that only say how errors are treated may stand with it.
    private static IEnumerable<SimpleCommand>? Script(SimpleCommand command)
    {
        for (int i = 1; i < command.Words.Count; i++)
        {
            if (command.Words[i] is not { IsKnown: true, Text: ['-', _, ..] } word || word.Text.AsSpan(1).IndexOfAnyExcept("euxc") >= 0)
                return null;

            if (word.Text.Contains('c', StringComparison.Ordinal))
                return i + 1 < command.Words.Count && command.Words[i + 1].IsKnown ? ShellParser.Parse(command.Words[i + 1].Text) : null;
        }

        return null;
    }

    private static IEnumerable<SimpleCommand> Actions(SimpleCommand find) => Enumerable.Range(0, find.Words.Count)
        .Where(i => find.Words[i].Text is "-exec" or "-execdir" or "-ok" or "-okdir")
        .Select(i => find.Words.Skip(i + 1).TakeWhile(word => word.Text is not (";" or "+")))
        .Where(words => words.Any())
        .Select(words => new SimpleCommand
        {
            Words = [.. words.Select(word => word.Text.Contains("{}") ? word with { IsKnown = false, Prefix = "" } : word)],
        });

    // The place of the first word that is no option; -1 where one is not known.
    private static int Behind(IReadOnlyList<ShellWord> words, string[] alone, string[] valued)
    {
        int at = 1;
        for (; at < words.Count; at++)
        {
            ShellWord word = words[at];
            if (word.MayBeOption && !word.IsKnown)
                return -1;

            if (word.Text == "--")
                return at + 1;

            if (!word.Text.StartsWith('-'))
                return at;

            if (alone.Contains(word.Text))
                continue;

            if (valued.Contains(word.Text))
                at++;
            else if (!valued.Any(one => IsAttached(word.Text, one)))
                return -1;
        }

        return at;
    }

    private static bool IsAttached(string word, string option) => option.StartsWith("--", StringComparison.Ordinal)
        ? word.StartsWith(option + "=", StringComparison.Ordinal)
        : word.StartsWith(option, StringComparison.Ordinal) && !word.StartsWith("--", StringComparison.Ordinal);
}
