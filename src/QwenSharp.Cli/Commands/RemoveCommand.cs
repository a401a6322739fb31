using System.CommandLine;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp rm</c>: removes a model from this machine.</summary>
internal static class RemoveCommand
{
    private const string Examples = """
        qwensharp rm Qwen/Qwen3-4B-GGUF:Q4_K_M   # one quantisation
        qwensharp rm qwen3:4b --yes              # all that was pulled of its repository, without asking
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = new("MODEL")
        {
            Description = "A name as 'qwensharp list' prints it, or a short name; without :QUANT all of the repository.",
        };
        Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
        Option<bool> json = Values.Json("One JSON object: what was removed, and the bytes freed. Needs --yes.");
        DocumentedCommand command = new("rm", "Removes a model that was pulled, and says how much room that made.", Examples)
        {
            model,
            yes,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && !result.GetValue(yes))
                result.AddError("--json needs --yes: a program cannot be asked.");
        });
        command.SetAction(parsed =>
        {
            ModelCache cache = new();
            string name = parsed.GetValue(model)!;
            IReadOnlyList<CachedModel> found = cache.Matching(HubNames.Parse(name, HubOptions.FromEnvironment()));
            if (found.Count == 0)
                throw new HubException($"There is no {name} on this machine. 'qwensharp list' prints what there is.");
            if (!parsed.GetValue(yes) && !Confirmed(terminal, found))
            {
                terminal.Out.WriteLine("Nothing was removed.");
                return ExitCode.Failure;
            }

            long freed = found.Sum(cache.Remove);
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(Json(found, freed));
            }
            else
            {
                terminal.Out.WriteLine(
                    $"Removed {string.Join(", ", found.Select(removed => removed.Name).Distinct())}: {Output.Bytes(freed)} freed.");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static bool Confirmed(Terminal terminal, IReadOnlyList<CachedModel> found)
    {
        if (!terminal.InputIsTerminal)
            throw new UsageException("There is nobody to ask: give --yes to remove without asking.");

        foreach (CachedModel model in found)
            terminal.Out.WriteLine($"{model.Name}{(model.IsComplete ? "" : " (unfinished)")}  {Output.Bytes(model.Bytes)}  {model.Path}");

        return terminal.Ask("Remove? [y/N] ")?.Trim() is "y" or "Y" or "yes";
    }

    private static string Json(IReadOnlyList<CachedModel> removed, long freed) => new JsonObject
    {
        ["removed"] = new JsonArray([.. removed.Select(model => (JsonNode)model.Name)]),
        ["freed_bytes"] = freed,
    }.ToJsonString(Output.JsonText);
}
