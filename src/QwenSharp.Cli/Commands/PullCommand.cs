using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Hub;
using Spectre.Console;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp pull</c>: brings a model to this machine.</summary>
internal static class PullCommand
{
    private const string Examples = """
        qwensharp pull qwen3:4b                        # a short name; --list prints them all
        qwensharp pull qwen3:4b:Q8_0                   # another quantisation
        qwensharp pull Qwen/Qwen3-8B-GGUF:Q5_K_M       # a repository; in place of Q5_K_M also the name of a file
        qwensharp pull Qwen/Qwen3-0.6B                 # a checkpoint: config, tokenizer, safetensors
        qwensharp pull https://huggingface.co/Qwen/Qwen3-0.6B-GGUF/resolve/main/Qwen3-0.6B-Q8_0.gguf
        qwensharp pull qwen3:4b --hub modelscope --to models

        A pull that broke off goes on where it was. Models go into the cache that other tools share (HF_HOME, HF_HUB_CACHE; MODELSCOPE_CACHE).
        Private and gated models need a token in HF_TOKEN or MODELSCOPE_API_TOKEN. HF_ENDPOINT names a mirror.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = new("MODEL")
        {
            Description = "A short name, ORG/NAME, either with :QUANT, or an address on a hub.",
            HelpName = "MODEL",
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = { _ => ModelNames.All.Keys.Select(name => new CompletionItem(name)) },
        };
        Option<string?> revision = new("--revision")
        {
            Description = "A branch, tag or commit; without it the default branch.",
            HelpName = "REVISION",
        };
        Option<string?> hub = new("--hub") { Description = "Where from: huggingface (the default) or modelscope.", HelpName = "HUB" };
        Values.OneOf(hub, "huggingface", "modelscope");
        Option<string?> endpoint = new("--endpoint")
        {
            Description = "The address of the hub or of a mirror; the hub's token is sent there.",
            HelpName = "URL",
        };
        Option<string?> to = new("--to") { Description = "A folder for the files instead of the shared cache.", HelpName = "FOLDER" };
        Values.Check(to, folder => !string.IsNullOrWhiteSpace(folder), "may not be empty");
        Option<bool> list = new("--list") { Description = "Print the short names and the repositories they stand for." };
        Option<bool> json = Values.Json("One JSON object at the end: paths, bytes, revision.");
        DocumentedCommand command = new("pull", "Pulls a model from Hugging Face or ModelScope.", Examples)
        {
            model,
            revision,
            hub,
            endpoint,
            to,
            list,
            json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(list) == (result.GetValue(model) is not null))
            {
                result.AddError("Give a MODEL to pull, or --list.");
            }
            else if (
                result.GetValue(list)
                && result.Children.OfType<OptionResult>().Any(given => !given.Implicit && given.Option != list && given.Option != json))
            {
                result.AddError("--list goes with nothing but --json.");
            }
        });
        command.SetAction(
            async (parsed, stop) =>
            {
                if (parsed.GetValue(list))
                {
                    WriteNames(terminal, parsed.GetValue(json));
                    return ExitCode.Ok;
                }

                HubKind? asked = parsed.GetValue(hub) switch
                {
                    "modelscope" => HubKind.ModelScope,
                    "huggingface" => HubKind.HuggingFace,
                    _ => null,
                };
                if (parsed.GetValue(endpoint) is not null)
                    asked ??= HubKind.HuggingFace;

                HubOptions options = Options(asked, parsed.GetValue(endpoint));
                ModelReference reference = HubNames.Parse(parsed.GetValue(model)!, options);
                if (asked is not null && reference.Hub is not null && asked != reference.Hub)
                {
                    throw new UsageException(
                        $"{reference.Name} is an address on another hub than {HubNames.Of(asked.Value)}, to which --hub and "
                            + "--endpoint apply."
                    );
                }

                if (parsed.GetValue(revision) is not null && reference.Revision is not null)
                    throw new UsageException($"{reference.Name} names a revision itself; leave --revision out.");

                reference = reference with { Hub = reference.Hub ?? asked, Revision = reference.Revision ?? parsed.GetValue(revision) };
                await PullAsync(terminal, options, reference, parsed.GetValue(to), parsed.GetValue(json), stop).ConfigureAwait(false);
                return ExitCode.Ok;
            });
        return command;
    }

    private static HubOptions Options(HubKind? hub, string? endpoint)
    {
        HubOptions options = HubOptions.FromEnvironment();
        if (endpoint is null)
            return options;

        Uri address;
        try
        {
            address = HubOptions.Address(endpoint, "--endpoint");
        }
        catch (HubException none)
        {
            throw new UsageException(none.Message);
        }

        return hub == HubKind.ModelScope ? options with { ModelScopeEndpoint = address } : options with { HuggingFaceEndpoint = address };
    }

    /// <summary>Pulls a model, says where it is asked for at once, and where it is in the end.</summary>
    public static async Task PullAsync(
        Terminal terminal,
        HubOptions options,
        ModelReference reference,
        string? folder,
        bool json,
        CancellationToken stop)
    {
        PullDisplay? display = json ? null : new PullDisplay(terminal);
        if (!json)
            terminal.Error.WriteLine(terminal.Dim($"Asking {HubNames.HostOf(reference, options)} for {reference.Repo}."));

        using HubClient client = new(options);
        PulledModel pulled;
        try
        {
            pulled = await client.PullAsync(reference, folder, display, stop).ConfigureAwait(false);
        }
        finally
        {
            display?.Clear();
        }

        if (json)
        {
            terminal.Out.WriteLine(Json(pulled));
            return;
        }

        string state = pulled.ReceivedBytes == 0 ? "was here already" : $"is here, {Output.Bytes(pulled.ReceivedBytes)} received";
        terminal.Out.WriteLine(
            $"{pulled.Repo}{(pulled.Quant is null ? "" : $":{pulled.Quant}")} {state}: {pulled.Files.Count} "
                + $"{(pulled.Files.Count == 1 ? "file" : "files")}, {Output.Bytes(pulled.Bytes)}"
        );
        terminal.Out.WriteLine(pulled.Path);
    }

    private static string Json(PulledModel pulled) => new JsonObject
    {
        ["name"] = pulled.Name,
        ["hub"] = HubNames.Of(pulled.Hub),
        ["repo"] = pulled.Repo,
        ["quant"] = pulled.Quant,
        ["revision"] = pulled.Revision,
        ["path"] = pulled.Path,
        ["files"] = new JsonArray([.. pulled.Files.Select(file => (JsonNode)file)]),
        ["bytes"] = pulled.Bytes,
        ["received_bytes"] = pulled.ReceivedBytes,
    }.ToJsonString(Output.JsonText);

    private static void WriteNames(Terminal terminal, bool json)
    {
        if (json)
        {
            terminal.Out.WriteLine(
                new JsonObject(ModelNames.All.Select(name => KeyValuePair.Create(name.Key, (JsonNode?)name.Value))).ToJsonString(
                    Output.JsonText));
            return;
        }

        Table table = new Table().Border(TableBorder.None).AddColumns("NAME", "REPOSITORY");
        foreach ((string name, string repo) in ModelNames.All)
            table.AddRow(Markup.Escape(name), Markup.Escape(repo));

        terminal.Rich().Write(table);
    }
}
