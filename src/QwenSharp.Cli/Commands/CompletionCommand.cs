using System.CommandLine;
using QwenSharp.Cli.Completion;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp completion</c>: what makes a shell finish command lines; and <c>complete</c>, which the shell asks then.</summary>
internal static class CompletionCommand
{
    // Scripts are embedded under these extensions.
    private static readonly Dictionary<string, string> Shells =
        new() { ["bash"] = "bash", ["zsh"] = "zsh", ["fish"] = "fish", ["pwsh"] = "ps1" };

    private const string Examples = """
        source <(qwensharp completion bash)                                            # in ~/.bashrc
        source <(qwensharp completion zsh)                                             # in ~/.zshrc, after compinit
        qwensharp completion fish > ~/.config/fish/completions/qwensharp.fish
        qwensharp completion pwsh | Out-String | Invoke-Expression                     # in $PROFILE

        The tab key then finishes commands, options, their values, names of models on this machine and of files.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> shell = new("SHELL") { Description = $"{string.Join(", ", Shells.Keys.SkipLast(1))} or {Shells.Keys.Last()}." };
        Values.OneOf(shell, [.. Shells.Keys]);
        DocumentedCommand command = new("completion", "Prints a script that makes the tab key finish command lines.", Examples) { shell };
        command.SetAction(parsed =>
        {
            string name = $"qwensharp.{Shells[parsed.GetValue(shell)!]}";
            using StreamReader script = new(typeof(CompletionCommand).Assembly.GetManifestResourceStream(name)!);
            terminal.Out.Write(script.ReadToEnd().ReplaceLineEndings("\n"));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>
    /// What the scripts ask: a candidate a line, with a tab and its meaning where it has one, and <c>:files</c> where the shell is to add
    /// names of files.
    /// </summary>
    public static Command CreateQuery(Terminal terminal)
    {
        Option<string?> word = new("--word") { HelpName = "TEXT", Arity = ArgumentArity.ZeroOrOne };
        Argument<string[]> before = new("WORD") { Arity = ArgumentArity.ZeroOrMore };
        Command command = new("complete", "Prints what may stand in a place of a command line; for the scripts of 'completion'.")
        {
            word,
            before,
        };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            Candidates candidates = Candidates.For(
                parsed.RootCommandResult.Command,
                parsed.GetValue(before) ?? [],
                parsed.GetValue(word) ?? "");
            foreach ((string candidate, string meaning) in candidates.Words)
                terminal.Out.Write(meaning == "" ? $"{candidate}\n" : $"{candidate}\t{meaning}\n");

            if (candidates.Files)
                terminal.Out.Write(":files\n");

            return ExitCode.Ok;
        });
        return command;
    }
}
