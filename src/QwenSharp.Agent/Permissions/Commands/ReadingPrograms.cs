using System.Text.RegularExpressions;
using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Programs and builtins that only read, whatever their arguments but the excluded ones.</summary>
internal static partial class ReadingPrograms
{
    private static readonly Dictionary<string, OptionRules> Programs = Table(
        ("cat head wc nl tac rev cut paste tr fold expand unexpand comm join od strings stat ls pwd echo true false : test basename "
            + "dirname realpath readlink du df id whoami groups uname nproc free uptime md5sum sha1sum sha256sum sha512sum b2sum cksum seq "
            + "sleep which type cmp egrep fgrep exit break continue cd lscpu arch tty locale", OptionRules.None),
        ("tail", new OptionRules("fF", "follow", "retry")),
        ("[", new OptionRules("v")),
        ("grep", new OptionRules("R", "dereference-recursive")),
        ("rg", new OptionRules("Lz", "pre", "pre-glob", "search-zip", "follow", "hostname-bin")),
        ("sort", new OptionRules("oT", "output", "temporary-directory", "compress-program")),
        ("diff", new OptionRules("rl", "recursive", "paginate")),
        ("tree", new OptionRules("loR")),
        ("fd", new OptionRules("xXL", "exec", "exec-batch", "follow")),
        ("file", new OptionRules("Czm", "compile", "uncompress", "magic-file")),
        ("date", new OptionRules("s", "set")),
        ("printf", new OptionRules("v")),
        ("jq", new OptionRules("fL", "from-file", "rawfile", "slurpfile")),
        ("find", new OptionRules(
            "LH", "exec", "execdir", "ok", "okdir", "delete", "fprint", "fprint0", "fprintf", "fls", "files0-from", "follow")));

    private static readonly HashSet<string> Versioned =
        ["dotnet", "node", "npm", "npx", "pnpm", "yarn", "bun", "deno", "python", "python3", "pip", "go", "cargo", "rustc", "java", "javac",
         "gcc", "g++", "clang", "cc", "make", "cmake", "git", "ruby", "php", "bash", "tsc", "pytest", "rg", "jq"];

    /// <summary>Whether a command only reads, as far as its name and arguments say.</summary>
    public static bool Has(SimpleCommand command)
    {
        if (command.Words is not [{ IsKnown: true } name, ..])
            return command.Words.Count == 0;

        IReadOnlyList<ShellWord> arguments = command.Arguments;
        return name.Text switch
        {
            "uniq" => arguments.All(one => one.IsKnown) && arguments.Count(one => !one.Text.StartsWith('-')) <= 1,
            "set" => arguments.Count > 0 && arguments.All(one => one.IsKnown && ShellOptions().IsMatch(one.Text)),
            "date" or "jq" when arguments.Any(one => one.Text.Contains("env", StringComparison.OrdinalIgnoreCase)) => false,
            "sed" => IsPrinting(arguments),
            "command" => arguments is [{ IsKnown: true, Text: "-v" or "-V" }, _],
            "test" => arguments.All(one => one.IsKnown ? one.Text != "-v" : !one.MaySplit || one.Prefix.Length > 0),
            "hostname" => arguments.Count == 0,
            _ when Programs.TryGetValue(name.Text, out OptionRules? rules) => rules.Allow(arguments),
            _ => arguments is [{ IsKnown: true, Text: "--version" or "-v" or "-V" or "version" or "--info" or "--list-sdks" }]
                && Versioned.Contains(name.Text),
        };
    }

    // sed can run programs and write files; to print some lines it needs neither.
    private static bool IsPrinting(IReadOnlyList<ShellWord> arguments) =>
        arguments.All(one => one.IsKnown)
        && arguments.Where(one => one.Text.StartsWith('-')).All(one => one.Text is "-n" or "-E" or "-r")
        && arguments.FirstOrDefault(one => !one.Text.StartsWith('-')) is { } script
        && Printing().IsMatch(script.Text);

    private static Dictionary<string, OptionRules> Table(params (string Names, OptionRules Rules)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => (name, row.Rules))).ToDictionary();

    [GeneratedRegex(@"^[-+][eux]+$|^[-+][eux]*o$|^pipefail$")]
    private static partial Regex ShellOptions();

    [GeneratedRegex(@"^\d+(,(\d+|\$))?p$|^\$p$")]
    private static partial Regex Printing();
}
