using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace QwenSharp.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class DocumentedCommand(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Command lines to copy, one a line, each with a remark after two spaces and '#' where it needs one.</summary>
    public string Examples { get; } = examples;
}

/// <summary>The usual help, then the command's examples and the exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    /// <summary>Help is for command lines that are not right yet.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using StringWriter text = new() { NewLine = output.NewLine };
        parseResult.InvocationConfiguration.Output = text;
        int code = usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        output.Write(WithOptionalArguments(text.ToString(), parseResult.CommandResult.Command));
        if (parseResult.CommandResult.Command is DocumentedCommand documented)
        {
            output.WriteLine("Examples:");
            foreach (string line in documented.Examples.Split('\n'))
                output.WriteLine("  " + line.TrimEnd('\r'));

            output.WriteLine();
        }

        output.WriteLine("Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted, 143 ended.");
        output.WriteLine("Errors are one line on standard error.");
        return code;
    }

    /// <summary>
    /// The list of commands shows every argument as one that must be given; those that may be left out get square brackets.
    /// </summary>
    private static string WithOptionalArguments(string help, Command command)
    {
        foreach (Command listed in command.Subcommands)
        {
            string arguments = string.Join(' ', listed.Arguments.Select(argument => $"<{argument.Name}>"));
            string marked = string.Join(
                ' ',
                listed.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues == 0 ? $"[{argument.Name}]" : $"<{argument.Name}>")
            );
            help = help.Replace($"  {listed.Name} {arguments} ", $"  {listed.Name} {marked} ", StringComparison.Ordinal);
        }

        return help;
    }
}
