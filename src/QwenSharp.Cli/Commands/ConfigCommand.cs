using System.CommandLine;
using QwenSharp.Cli.Config;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp config check</c>: what is wrong with a configuration of <c>serve</c>, with the numbers of lines.</summary>
internal static class ConfigCommand
{
    private const string Examples = """
        qwensharp config check qwensharp.yaml
        qwensharp serve --config qwensharp.yaml --port 9000    # the command line comes before the file
        """;

    /// <param name="terminal">Where what is wrong goes.</param>
    /// <param name="serve">The command that a configuration is for.</param>
    public static Command Create(Terminal terminal, Command serve)
    {
        Argument<string> file = new("FILE") { Description = "The configuration, in YAML: docs/serving.md lists its keys." };
        DocumentedCommand check = new(
            "check",
            "Says what is wrong with a configuration, a line each; where nothing is, what each of its routes and providers does.",
            Examples)
        {
            file,
        };
        check.SetAction(parsed =>
        {
            ServeFile read = ServeFile.Read(parsed.GetValue(file)!, serve);
            string[] problems = [.. read.Problems.Concat(MissingModels(parsed.GetValue(file)!, read)).Select(problem => $"{problem}")];
            if (problems.Length == 0)
            {
                ParseResult whole = read.Merge(serve.Parse([], CommandTree.Parsing));
                problems = [.. whole.Errors.Select(error => $"{parsed.GetValue(file)}: {error.Message}")];
            }

            foreach (string line in problems.Length == 0 ? read.Gateway.Describe() : problems)
                terminal.Out.WriteLine(line);

            return problems.Length == 0 ? ExitCode.Ok : ExitCode.Failure;
        });
        return new Command("config", "Looks at the configuration file of 'serve'.") { check };
    }

    private static IEnumerable<ConfigProblem> MissingModels(string path, ServeFile file)
    {
        foreach (ServeFile.ModelSettings model in file.Models)
        {
            ConfigProblem? problem = null;
            try
            {
                _ = LocalModel.Of(model.Path);
            }
            catch (Exception missing) when (missing is IOException or QwenSharp.Hub.HubException)
            {
                problem = new ConfigProblem(path, model.Line, missing.Message);
            }

            if (problem is not null)
                yield return problem;
        }
    }
}
