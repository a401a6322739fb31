using System.CommandLine;
using System.CommandLine.Help;
using QwenSharp.Chat;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;
using QwenSharp.Faults;
using QwenSharp.Hub;
using QwenSharp.Server;

namespace QwenSharp.Cli;

/// <summary>All commands, and what happens around each: parsing, errors as one line, exit codes.</summary>
internal static class CommandTree
{
    // A prompt may begin with '@', which must not name a file of further arguments.
    internal static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> InvokeAsync(IReadOnlyList<string> arguments, Terminal terminal)
    {
        ParseResult parsed = Build(terminal).Parse(arguments.Count == 0 ? ["--help"] : arguments, Parsing);
        if (CommandFault.Of(parsed) is { } fault)
        {
            terminal.Fail(fault);
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
            int code = await parsed.InvokeAsync(invocation, terminal.Interrupts.Ended).ConfigureAwait(false);
            terminal.Out.Flush();
            return code;
        }
        catch (OperationCanceledException) when (terminal.Interrupts.Ended.IsCancellationRequested)
        {
            return terminal.Interrupts.Code;
        }
        catch (UsageException wrong)
        {
            terminal.Fail(wrong.Message);
            return ExitCode.Usage;
        }
        catch (Exception failure)
        {
            terminal.Fail(Said(failure, parsed.CommandResult.Command));
            return ExitCode.Failure;
        }
        finally
        {
            FlushWhatCanBe(terminal);
        }
    }

    /// <summary>After a failure: what was said until then may have nowhere to go, and the failure has been told.</summary>
    private static void FlushWhatCanBe(Terminal terminal)
    {
        try
        {
            terminal.Out.Flush();
        }
        catch (IOException)
        {
        }
    }

    private static RootCommand Build(Terminal terminal)
    {
        Command serve = ServeCommand.Create(terminal);
        RootCommand root = new("Runs, serves and trains Qwen models on this machine.")
        {
            RunCommand.Create(terminal),
            CodeCommand.Create(terminal),
            serve,
            KeysCommand.Create(terminal),
            ConfigCommand.Create(terminal, serve),
            DoctorCommand.Create(terminal),
            PullCommand.Create(terminal),
            ListCommand.Create(terminal),
            RemoveCommand.Create(terminal),
            InspectCommand.Create(terminal),
            BenchCommand.Create(terminal),
            ConvertCommand.Create(terminal),
            QuantizeCommand.Create(terminal),
            ImportanceCommand.Create(terminal),
            MergeCommand.Create(terminal),
            TokenizeCommand.Create(terminal),
            GrammarCommand.Create(terminal),
            TemplateCommand.Create(terminal),
            ParseCommand.Create(terminal),
            LogitsCommand.Create(terminal),
            EmbedCommand.Create(terminal),
            RerankCommand.Create(terminal),
            GuardCommand.Create(terminal),
            TrainCommand.Create(terminal),
            FinetuneCommand.Create(terminal),
            CorpusCommand.Create(terminal),
            EvalCommand.Create(terminal),
            CompletionCommand.Create(terminal),
            CompletionCommand.CreateQuery(terminal),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    /// <summary>A failure in the words of the command line: its options in place of the libraries', its commands as remedies.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="command">Whose options may be advised; null where none can be given any more.</param>
    internal static string Said(Exception failure, Command? command = null) => failure switch
    {
        TemplateException { InnerException: null } => $"The chat template: {failure.Message}",
        TemplateException => failure.Message,
        IOptionFault { Fault: var fault } => fault.Say(
            OptionNames.Of, option => command?.Options.Any(offered => offered.Name == OptionNames.Of(option)) is true),
        HubException { Remedy: HubRemedy.ListModels } => $"{failure.Message} 'qwensharp list' prints the models on this machine.",
        HubException { Remedy: HubRemedy.ListNames } => $"{failure.Message} 'qwensharp pull --list' prints the short names.",
        ServerOpenException =>
            $"{failure.Message} 'qwensharp keys create NAME' makes a key; without --host the server listens on this machine only; "
                + "--open-to-all lets everybody in.",
        UnauthorizedAccessException when failure.Message.Split('\'') is [_, var path, ..] && Directory.Exists(path) =>
            $"'{path}' is a folder; a file is expected.",
        _ => WithoutParameter(failure),
    };

    // .NET puts the name of a parameter of code into the message, which is none of the user's business.
    private static string WithoutParameter(Exception failure) =>
        (failure as ArgumentException ?? failure.InnerException as ArgumentException) is { ParamName: { } name }
            ? failure.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal)
            : failure.Message;
}
