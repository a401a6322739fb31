using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;
using Spectre.Console;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp list</c>: the models on this machine.</summary>
internal static class ListCommand
{
    private const string Examples = """
        qwensharp list
        qwensharp list --json

        What Hugging Face's and ModelScope's caches hold, whoever pulled it. Every name can be given to run, serve, inspect and the others.
        """;

    public static Command Create(Terminal terminal)
    {
        Option<bool> json = Values.Json("A JSON array with one object for each model: name, hub, bytes, paths, time.");
        DocumentedCommand command = new("list", "Lists the models that were pulled.", Examples) { json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<CachedModel> models = new ModelCache().List();
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(new JsonArray([.. models.Select(model => (JsonNode)Json(model))]).ToJsonString(Output.JsonIndented));
            else if (models.Count == 0)
                terminal.Out.WriteLine("No models yet. 'qwensharp pull --list' prints names to pull.");
            else
                Write(terminal, models);

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(Terminal terminal, IReadOnlyList<CachedModel> models)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("NAME", "SIZE", "HUB", "REVISION", "PULLED", "PATH");
        table.Columns[1].Alignment = Justify.Right;
        foreach (CachedModel model in models)
        {
            table.AddRow(
                Markup.Escape(model.IsComplete ? model.Name : $"{model.Name} (unfinished)"),
                Output.Bytes(model.Bytes),
                HubNames.Of(model.Hub),
                Markup.Escape(model.Revision[..Math.Min(7, model.Revision.Length)]),
                model.Modified.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                Markup.Escape(model.Path));
        }

        // A path that is cut could not be copied: outside a terminal rows are as long as they are.
        IAnsiConsole console = terminal.Rich();
        if (!terminal.OutputIsTerminal)
            console.Profile.Width = 4096;

        console.Write(table);
    }

    private static JsonObject Json(CachedModel model) => new()
    {
        ["name"] = model.Name,
        ["hub"] = HubNames.Of(model.Hub),
        ["repo"] = model.Repo,
        ["quant"] = model.Quant,
        ["revision"] = model.Revision,
        ["complete"] = model.IsComplete,
        ["bytes"] = model.Bytes,
        ["modified"] = model.Modified.ToString("O", CultureInfo.InvariantCulture),
        ["path"] = model.Path,
        ["files"] = new JsonArray([.. model.Files.Select(file => (JsonNode)file)]),
    };
}
