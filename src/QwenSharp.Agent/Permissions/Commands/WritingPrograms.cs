using System.Text.RegularExpressions;
using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Programs that write only the files that their arguments name.</summary>
internal static partial class WritingPrograms
{
    private static readonly Dictionary<string, OptionRules> Programs = new()
    {
        ["mkdir"] = new OptionRules("Z", "context"),
        ["touch"] = OptionRules.None,
        ["rm"] = OptionRules.None,
        ["rmdir"] = OptionRules.None,
        ["cp"] = new OptionRules("LHals", "dereference", "link", "symbolic-link", "archive"),
        ["mv"] = OptionRules.None,
        ["tee"] = OptionRules.None,
    };

    /// <summary>Whether a command is one of them, with every file known.</summary>
    public static bool Has(SimpleCommand command)
    {
        if (command.Words is not [{ IsKnown: true } name, ..] || !command.Arguments.All(word => word.IsKnown))
            return false;

        return name.Text == "sed" ? IsSubstituting([.. command.Arguments.Select(word => word.Text)])
            : Programs.TryGetValue(name.Text, out OptionRules? rules) && rules.Allow(command.Arguments);
    }

    /// <summary>Whether it may put a link where there was none, so that what follows writes elsewhere.</summary>
    public static bool MayMoveLinks(SimpleCommand command) => command.Program is "mv" or "cp";

    // Of sed's commands only those that change lines: others write files and run programs.
    private static bool IsSubstituting(IReadOnlyList<string> arguments)
    {
        if (!arguments.Where(one => one.StartsWith('-')).All(one => one is "-i" or "-E" or "-r" or "-e" or "-n" or "-i.bak"))
            return false;

        int scripts = arguments.Count(one => one == "-e");
        IEnumerable<string> read = scripts == 0
            ? arguments.Where(one => !one.StartsWith('-')).Take(1)
            : arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == "-e").Select(pair => pair.Second);
        return arguments.Count > 1 && read.All(script => Substitution().IsMatch(script));
    }

    [GeneratedRegex(@"^(\d+|\$)?(,(\d+|\$))?(s([/|#,@])((?!\5|\\|\n).|\\.)*\5((?!\5|\\|\n).|\\.)*\5[gIi0-9p]*|[dp])$")]
    private static partial Regex Substitution();
}
