using QwenSharp.Agent.Permissions.Commands;
using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>Programs that wait for a person at a terminal, of which there is none.</summary>
internal static class InteractivePrograms
{
    private static readonly Dictionary<string, string> Always = Table(
        ("vi vim nvim nano pico emacs micro joe ed", "Change files with edit or write_file."),
        ("less more most", "Read files with read_file, or print them with cat, head or tail."),
        ("top htop btop watch", "Use ps, or run the command once."),
        ("tmux screen", "Run long commands with is_background."),
        ("ssh telnet ftp sftp", "Nobody can type a password."),
        ("passwd su", "Nobody can type a password."),
        ("man", "Use the program's --help."),
        ("gdb lldb", "Run it with --batch and commands."));

    // Interpreters that a person types into when they are given nothing to run.
    private static readonly HashSet<string> Prompts =
        ["python", "python3", "node", "irb", "ruby", "php", "lua", "psql", "mysql", "sqlite3", "redis-cli", "bc", "ghci", "julia", "R",
         "scala", "bash",
         "sh", "zsh", "deno", "bun", "jshell", "iex"];

    /// <summary>Why a command would wait for ever, and what to do instead; null where none would.</summary>
    public static string? Hint(string command) =>
        CommandReading.Of(command).Commands.Select(Hint).FirstOrDefault(hint => hint is not null);

    private static string? Hint(SimpleCommand command)
    {
        string program = command.Program;
        string[] arguments = [.. command.Words.Skip(1).Select(word => word.Text)];
        if (arguments is ["--version" or "--help" or "-V" or "-h"])
            return null;

        if (Always.TryGetValue(program, out string? hint) && !(arguments.Contains("--batch") || arguments.Contains("-batch")))
        {
            // With a command for the other machine it does not wait.
            bool hasCommand = program == "ssh" && arguments.Count(one => !one.StartsWith('-')) > 1;
            return hasCommand ? null : $"{program} waits for a person at a terminal. {hint}";
        }

        if (Prompts.Contains(program) && arguments.Length == 0)
        {
            bool hasInput = command.IsPipedInto || command.Redirections.Any(one => one.Operator.StartsWith('<'));
            return hasInput ? null : $"{program} without anything to run waits for a person. Give it a file or a command.";
        }

        return program == "git" ? Git([.. GitCommands.WithoutGlobalOptions(command.Words)]) : null;
    }

    private static string? Git(string[] words) => words switch
    {
        ["rebase", .. var rest] when rest.Any(one => one is "-i" or "--interactive") => "git rebase -i opens an editor. Rebase without it.",
        ["add" or "checkout" or "reset" or "stash" or "restore" or "commit", .. var rest]
            when rest.Any(one => one is "-p" or "--patch" or "-i" or "--interactive") => "git asks about each change. Name the files.",
        ["commit", .. var rest] when !rest.Any(IsMessage) => "git commit opens an editor without a message. Give one with -m.",
        _ => null,
    };

    private static bool IsMessage(string word) => word.StartsWith("--message", StringComparison.Ordinal)
        || word is "--no-edit" or "-F" or "--help" or "--dry-run" or "-C" || word.StartsWith("--file", StringComparison.Ordinal)
        || word.StartsWith("--fixup", StringComparison.Ordinal) || word.StartsWith("--reuse-message", StringComparison.Ordinal)
        || (word is ['-', not '-', ..] && word.Contains('m', StringComparison.Ordinal));

    private static Dictionary<string, string> Table(params (string Names, string Hint)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => (name, row.Hint))).ToDictionary();
}
