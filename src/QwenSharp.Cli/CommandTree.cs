using System.CommandLine;
using System.CommandLine.Help;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli;

/// <summary>All commands, and what happens around each: parsing, errors as one line, exit codes.</summary>
internal static class CommandTree
{
    // A prompt may begin with '@', which must not name a file of further arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        ParseResult parsed = Build(terminal).Parse(arguments.Count == 0 ? ["--help"] : arguments, Parsing);
        if (parsed.Errors.Count > 0)
        {
            terminal.Fail($"{Problem(parsed)} See '{CommandPath(parsed)} --help'.");
            return ExitCode.Usage;
        }

        InvocationConfiguration invocation = new()
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, terminal.Interrupts.Ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (terminal.Interrupts.Ended.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (UsageException wrong)
        {
            terminal.Fail(wrong.Message);
            return ExitCode.Usage;
        }
        catch (Exception failure)
        {
            terminal.Fail(failure.Message);
            return ExitCode.Failure;
        }
        finally
        {
            terminal.Out.Flush();
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        RootCommand root = new("Runs and serves Qwen models on this machine.")
        {
            RunCommand.Create(terminal),
            ServeCommand.Create(terminal),
            InspectCommand.Create(terminal),
            BenchCommand.Create(terminal),
            TokenizeCommand.Create(terminal),
            TemplateCommand.Create(terminal),
            LogitsCommand.Create(terminal),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>The first fault; a word that means nothing here explains the others.</summary>
    private static string Problem(ParseResult parsed) => parsed.UnmatchedTokens.Count > 0
        ? $"'{parsed.UnmatchedTokens[0]}' is no command, option or argument here."
        : parsed.Errors[0].Message;

    private static string CommandPath(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "qwensharp" : $"qwensharp {parsed.CommandResult.Command.Name}";
}
