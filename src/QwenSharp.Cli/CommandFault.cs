using System.CommandLine;
using System.CommandLine.Parsing;

namespace QwenSharp.Cli;

/// <summary>What is wrong with a command line, in one sentence, with what was probably meant.</summary>
internal static class CommandFault
{
    /// <summary>The first fault; null where there is none. A word that means nothing here explains the others.</summary>
    public static string? Of(ParseResult parsed) =>
        Misspelled(parsed) is { } option
            ? $"'{option}' is no option here.{Spelling.Hint(option, OptionNames(parsed))} See '{CommandPath(parsed)} --help'; text that "
                + "begins so goes after ' -- '."
        : parsed.Errors.Count > 0 ? $"{Problem(parsed)} See '{CommandPath(parsed)} --help'."
        : null;

    /// <summary>
    /// A word that looks like an option and would be taken for an argument: with a slip in its name it would become a model's prompt.
    /// </summary>
    private static string? Misspelled(ParseResult parsed) =>
        parsed
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .FirstOrDefault(token =>
                token.Value.StartsWith("--", StringComparison.Ordinal)
                && token.Value.Length > 2
                && !parsed.Tokens.TakeWhile(other => !ReferenceEquals(other, token)).Any(other => other.Type == TokenType.DoubleDash))
            ?.Value;

    private static string Problem(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is [var stray, ..])
        {
            IEnumerable<string> known = stray.StartsWith('-')
                ? OptionNames(parsed)
                : parsed.CommandResult.Command.Subcommands.Where(command => !command.Hidden).Select(command => command.Name);
            return $"'{stray}' is no command, option or argument here.{Spelling.Hint(stray, known)}";
        }

        return Missing(parsed) ?? parsed.Errors[0].Message;
    }

    /// <summary>What the command cannot do without and was not given.</summary>
    private static string? Missing(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command.Action is null && command.Subcommands.Count > 0)
            return $"A command is missing: {Any(command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name))}.";

        string[] arguments =
        [
            .. command
                .Arguments.Where(argument => Given(parsed.GetResult(argument)) < argument.Arity.MinimumNumberOfValues)
                .Select(argument => argument.Name),
        ];
        if (arguments.Length > 0)
        {
            string usage = $"{CommandPath(parsed)} {string.Join(' ', command.Arguments.Select(Placeholder))}";
            return arguments is [var one]
                ? $"The argument {one} is missing: {usage}."
                : $"The arguments {string.Join(", ", arguments[..^1])} and {arguments[^1]} are missing: {usage}.";
        }

        if (command.Options.FirstOrDefault(option => option.Required && !IsGiven(parsed.GetResult(option))) is { } absent)
            return $"The option {absent.Name} is missing: {absent.Description}";

        Option? bare = command.Options.FirstOrDefault(option =>
            parsed.GetResult(option) is { Implicit: false } given && given.Tokens.Count < option.Arity.MinimumNumberOfValues);
        return bare is null ? null : $"The value of {bare.Name} is missing: {bare.Name} {bare.HelpName ?? "VALUE"}.";
    }

    private static bool IsGiven(OptionResult? result) => result is { Implicit: false };

    private static int Given(ArgumentResult? result) => result?.Tokens.Count ?? 0;

    private static string Placeholder(Argument argument) =>
        argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : argument.Name;

    private static string Any(IEnumerable<string> words)
    {
        string[] all = [.. words];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }

    private static IEnumerable<string> OptionNames(ParseResult parsed) =>
        parsed
            .CommandResult.Command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(option => option.Recursive))
            .Where(option => !option.Hidden)
            .SelectMany(option => option.Aliases.Append(option.Name))
            .Where(name => name.StartsWith("--", StringComparison.Ordinal));

    private static string CommandPath(ParseResult parsed)
    {
        string path = "";
        for (
            SymbolResult? command = parsed.CommandResult;
            command is CommandResult { Command: not RootCommand and var named };
            command = command.Parent)
        {
            path = $" {named.Name}{path}";
        }

        return "qwensharp" + path;
    }
}
