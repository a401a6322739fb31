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
        int code = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is DocumentedCommand documented)
        {
            output.WriteLine("Examples:");
            foreach (string line in documented.Examples.Split('\n'))
                output.WriteLine("  " + line.TrimEnd('\r'));

            output.WriteLine();
        }

        output.WriteLine("Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted. Errors are one line on standard error.");
        return code;
    }
}
