using QwenSharp.Agent.Permissions.Shell;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Says what the commands of a command line do at most.</summary>
/// <param name="workspace">The project.</param>
internal sealed class CommandJudge(Workspace workspace)
{
    /// <summary>Judges them, in their order.</summary>
    /// <param name="commands">The commands.</param>
    /// <param name="directory">Where the command line starts.</param>
    public IReadOnlyList<JudgedCommand> Judge(IReadOnlyList<SimpleCommand> commands, string directory)
    {
        // Where a "cd" comes to in a loop, or after a parent directory, is not followed: from there on no relative name is known.
        bool isLoop = commands.Any(one => one.Construct is "for" or "while" or "function");
        HashSet<string> directories = [directory];
        bool isLost = false;
        foreach (SimpleCommand command in commands.Where(one => one.Program is "cd" or "pushd" or "popd"))
        {
            if (isLoop || command.Words is not [_, { IsKnown: true } target] || target.Text.Contains("..", StringComparison.Ordinal)
                || target.Text.StartsWith('-') || command.Program != "cd")
            {
                isLost = true;
            }
            else
            {
                foreach (string one in directories.ToArray())
                    directories.Add(workspace.Resolve(target.IsHome || target.Text[0] != '~' ? target.Text : "./" + target.Text, one));
            }
        }

        // Names that a command makes are not the ones that were looked at.
        bool mayMoveLinks = commands.Any(WritingPrograms.MayMoveLinks)
            && commands.Count(one => WritingPrograms.Has(one) || one.Redirections.Any(to => to.Writes)) > 1;
        return [.. commands.Select(one => Judge(one, directories, isLost, mayMoveLinks))];
    }

    private JudgedCommand Judge(SimpleCommand command, IReadOnlyCollection<string> directories, bool isLost, bool mayMoveLinks)
    {
        WordPaths paths = new(workspace, directories);
        List<string> reads = [], writes = [];
        string? around = command.Assignments.Where(one => !SafeVariables.Contains(one.Name))
            .Select(one => $"It sets the variable {one.Name}, which may change what runs.").FirstOrDefault();
        foreach (ShellRedirection redirection in command.Redirections.Where(one => one.Writes || one.Reads))
        {
            IReadOnlyList<string>? targets = paths.Of(redirection.Target);
            if (targets is null || (isLost && !Path.IsPathRooted(redirection.Target.Text)))
                around ??= "It redirects to a file that is not known.";
            else
                (redirection.Writes ? writes : reads).AddRange(targets);
        }

        if (writes.Count > 0 && mayMoveLinks)
            around ??= "It writes to names that it makes itself.";

        (Effect effect, string reason) = OfProgram(command, directories);
        if (effect != Effect.Unknown)
        {
            bool isUnknown = false;
            foreach (ShellWord word in command.Construct is null ? command.Words.Skip(1) : [])
            {
                if (TakesAnyText(command.Program) && !word.IsGlobAlone)
                    continue;

                if (paths.Of(word) is { } found)
                    (effect == Effect.Writes ? writes : reads).AddRange(found);
                else
                    isUnknown = true;
            }

            if (command.Program.Length > 0 && command.Words[0].Text.StartsWith("./", StringComparison.Ordinal))
                reads.AddRange(paths.Of(command.Words[0]) ?? []);

            if (isUnknown || (isLost && command.Program != "cd" && !TakesAnyText(command.Program)))
                (effect, reason) = (Effect.Unknown, "What files it means is not known before it runs.");
            else if (effect == Effect.Writes && mayMoveLinks)
                (effect, reason) = (Effect.Unknown, "It writes to names that it makes itself.");
        }
        else
        {
            // For rules that forbid, whatever may be a name is one.
            reads.AddRange(command.Words.Skip(1).SelectMany(word => paths.Of(word) ?? []));
        }

        return around is null
            ? new JudgedCommand(command, effect, reads, writes, reason)
            : new JudgedCommand(command, Effect.Unknown, reads, writes, around) { IsUnsafeAround = true };
    }

    private (Effect, string) OfProgram(SimpleCommand command, IReadOnlyCollection<string> directories)
    {
        if (command.Words.Count == 0 || command.Construct is "for" or "while")
            return (Effect.Reads, "");

        string shown = command.Program.Length > 0 ? command.Program : command.Words[0].Written;
        if (command.Construct is { } construct)
            return (Effect.Unknown, $"It uses \"{construct}\", which may run more than can be read.");

        if (command.Words[0] is not { IsKnown: true } name)
            return (Effect.Unknown, $"What \"{shown}\" runs is not known before it runs.");

        Effect git = name.Text == "git" ? GitCommands.EffectOf(command.Words) : Effect.Unknown;
        if (git != Effect.Unknown)
        {
            return directories.All(IsOwnRepository)
                ? (git, $"\"{shown}\" changes the repository.")
                : (Effect.Unknown, "The repository there is not the project's, and its settings may run programs.");
        }

        return ReadingPrograms.Has(command) ? (Effect.Reads, "")
            : WritingPrograms.Has(command) ? (Effect.Writes, $"\"{shown}\" changes files.")
            : WorkingPrograms.Has(command) ? (Effect.Works, $"\"{shown}\" runs code.")
            : (Effect.Unknown, $"\"{shown}\" is not among the commands that are known to be harmless.");
    }

    // Text that is printed or computed with, not the name of a file.
    private static bool TakesAnyText(string program) =>
        program is "echo" or "printf" or "true" or "false" or ":" or "seq" or "sleep" or "pwd" or "exit";

    // In a directory that looks like a repository, git obeys its settings.
    private bool IsOwnRepository(string directory)
    {
        for (string? at = directory; at is not null && at != workspace.Root && workspace.Contains(at); at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Join(at, ".git")) || (File.Exists(Path.Join(at, "HEAD")) && Directory.Exists(Path.Join(at, "objects"))))
                return false;
        }

        return workspace.Contains(directory);
    }
}
