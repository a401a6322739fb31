using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>What commands of git do.</summary>
internal static class GitCommands
{
    // Options by which a reading command writes or runs something.
    private static readonly OptionRules Dangerous =
        new("O", "output", "ext-diff", "textconv", "open-files-in-pager", "filters", "upload-pack", "receive-pack", "exec", "paginate");

    private static readonly HashSet<string> Reading =
        ["status", "diff", "log", "show", "blame", "annotate", "grep", "ls-files", "ls-tree", "rev-parse", "rev-list", "describe",
         "shortlog",
         "cat-file", "merge-base", "show-ref", "for-each-ref", "name-rev", "count-objects", "diff-tree", "diff-index", "diff-files",
         "whatchanged",
         "cherry", "range-diff", "check-ignore", "check-attr", "version", "--version", "var"];

    private static readonly HashSet<string> Working =
        ["add", "commit", "mv", "rm", "restore", "checkout", "switch", "branch", "tag", "merge", "stash", "init", "cherry-pick", "revert",
         "apply", "am", "format-patch", "reset", "clean", "reflog"];

    /// <summary>The effect of a command of git.</summary>
    /// <param name="words">All its words.</param>
    public static Effect EffectOf(IReadOnlyList<ShellWord> words)
    {
        IReadOnlyList<ShellWord> rest = [.. words.Skip(1).SkipWhile(word => word.Text is "--no-pager" or "--no-optional-locks")];
        if (rest is not [{ IsKnown: true } subcommand, ..])
            return Effect.Unknown;

        IReadOnlyList<ShellWord> arguments = [.. rest.Skip(1)];
        if (Reading.Contains(subcommand.Text))
            return Dangerous.Allow(arguments) ? Effect.Reads : Effect.Unknown;

        return IsListing(subcommand.Text, arguments) ? Effect.Reads
            : Working.Contains(subcommand.Text) && arguments.All(one => one.IsKnown) ? Effect.Works
            : Effect.Unknown;
    }

    /// <summary>What a command sends away or cannot be taken back; null where it does neither.</summary>
    public static string? Risk(IReadOnlyList<ShellWord> words)
    {
        IReadOnlyList<string> rest = WithoutGlobalOptions(words);
        if (rest.Count == 0)
            return null;

        bool Has(params string[] options) => rest.Skip(1).Any(word => options.Any(option => IsOption(word, option)));
        string second = rest.Count > 1 ? rest[1] : "";
        return rest[0] switch
        {
            "push" or "send-email" or "request-pull" => "It sends commits to others.",
            "rebase" or "filter-branch" or "filter-repo" or "replace" or "fast-import" => "It rewrites history.",
            "commit" when Has("--amend", "--fixup") => "It rewrites a commit.",
            "reset" when Has("--hard", "--merge", "--keep") => "It throws changes away.",
            "clean" => "It deletes files that are not in git.",
            "checkout" when Has("-f", "-B", "--force") || rest.Contains("--") || rest.Contains(".") => "It throws changes away.",
            "restore" when !Has("--staged") => "It throws changes away.",
            "switch" when Has("-f", "-C", "--force", "--discard-changes", "--force-create") => "It throws changes away.",
            "branch" when Has("-D", "-d", "-f", "-M", "-m", "--delete", "--force", "--move") => "It deletes or moves a branch.",
            "tag" when Has("-d", "-f", "--delete", "--force") => "It deletes or moves a tag.",
            "stash" when second is "drop" or "clear" or "pop" => "It may lose what was put aside.",
            "update-ref" or "symbolic-ref" or "prune" or "gc" => "It may lose commits.",
            "reflog" when second is "expire" or "delete" => "It may lose commits.",
            "worktree" when second is "remove" or "prune" => "It deletes a work tree.",
            "config" or "remote" or "submodule" or "hook" when EffectOf(words) != Effect.Reads => "It changes how git works here.",
            _ => null,
        };
    }

    /// <summary>The words without what stands between <c>git</c> and its command, for rules that forbid one.</summary>
    public static IReadOnlyList<string> WithoutGlobalOptions(IReadOnlyList<ShellWord> words)
    {
        int at = 1;
        while (at < words.Count && words[at].Text.StartsWith('-'))
        {
            at += words[at].Text is "-C" or "-c" or "--git-dir" or "--work-tree" or "--namespace" or "--exec-path" or "--config-env"
                or "--super-prefix" or "--attr-source" ? 2 : 1;
        }

        return [.. words.Skip(at).Select(word => word.Text)];
    }

    private static bool IsListing(string subcommand, IReadOnlyList<ShellWord> arguments)
    {
        if (!arguments.All(one => one.IsKnown))
            return false;

        string[] texts = [.. arguments.Select(one => one.Text)];
        return subcommand switch
        {
            "branch" => texts.All(one => one is "-a" or "-r" or "-v" or "-vv" or "--list" or "--all" or "--remotes" or "--show-current"),
            "tag" => texts.All(one => one is "-l" or "--list" or "-n"),
            "remote" => texts is [] or ["-v"] or ["--verbose"] or ["show"],
            "stash" => texts is ["list"],
            "worktree" => texts is ["list"],
            "reflog" => texts is [] or ["show", ..] && Dangerous.Allow(arguments),
            "config" => texts is ["--list" or "-l"] or ["--get" or "--get-all", _] or ["list"] or ["get", _],
            "submodule" => texts is ["status"],
            _ => false,
        };
    }

    // Long options may be cut short, and single letters stand together.
    private static bool IsOption(string word, string option) => option.StartsWith("--", StringComparison.Ordinal)
        ? word.Length > 3 && option.StartsWith(word.Split('=')[0], StringComparison.Ordinal)
        : word is ['-', not '-', ..] && word.Contains(option[1], StringComparison.Ordinal);
}
