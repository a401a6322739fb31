using System.CommandLine;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Cli.Hub;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Cli.Training;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Training;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp finetune</c>: a model that learns from one's own data.</summary>
internal static class FinetuneCommand
{
    private const string Examples = """
        qwensharp finetune qwen3-0.6b-f16.gguf tickets.jsonl --output tickets        # LoRA: adapters beside the frozen weights
        qwensharp finetune qwen3-4b-q4_k_m.gguf tickets.jsonl --output tickets       # QLoRA: the weights stay quantised
        qwensharp finetune Qwen3-0.6B/ tickets.jsonl --output tickets --method full  # every weight
        qwensharp run qwen3-0.6b-f16.gguf --adapter tickets/adapter                  # the result

        A row of the data is {"messages": [...], "tools": [...]} in OpenAI's form, of Alpaca's, of ShareGPT's, {"prompt": ..., "completion": ...}, or {"text": "..."};
        a file has one a line (.jsonl) or an array of them (.json). A .txt file is plain text.
        Interrupted or killed, the same command goes on from its last checkpoint.
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = Values.Model();
        Argument<string[]> data = new("DATA")
        {
            Description = "Files of conversations or texts: .jsonl, .json or .txt.",
            Arity = ArgumentArity.OneOrMore,
        };
        FinetuneArguments arguments = new();
        DocumentedCommand command = new("finetune", "Teaches a model from your own conversations and texts.", Examples) { model, data };
        arguments.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            Finetune(terminal, LocalModel.Of(parsed.GetValue(model)!).Path, arguments.Read(parsed, parsed.GetValue(data)!), stop);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static void Finetune(Terminal terminal, string path, FinetuneRequest request, CancellationToken stop)
    {
        TrainingRun.RequirePrecision(request.Settings.Precision);
        using Checkpoint file = ModelFiles.Open(path);
        ModelConfig config = LanguageModel.Load(file).Config;
        TrainingSettings settings = request.Settings;
        if (settings.SequenceLength > config.ContextLength)
            throw new UsageException($"--sequence-length is {settings.SequenceLength}; the model's context is {config.ContextLength}.");

        TrainableModel.RequireTrainable(config);
        if (request.Lora is null && request.Type is null && file.Tensors.FirstOrDefault(tensor => !tensor.Type.CanQuantize()) is { } tensor)
        {
            throw new UsageException(
                $"'{tensor.Name}' of {path} is {tensor.Type}, which this build reads and cannot write; say with --type what the trained "
                    + "model shall be written as."
            );
        }

        TrainingRun.Check(request.Output, "--output", [.. settings.Files()], path);
        TrainingData data = new TrainingRun(terminal, settings, request.Output).Load(QwenTokenizer.Of(file), TemplateOf(path), stop);
        bool isLora = request.Lora is not null;
        FinetunePace pace = Trainer.SettingsOf(request.Output) is { } record ? request.Pace.Or(record) : request.Pace;
        settings = pace.Settle(settings, data, config.Width, isLora);
        int rows = settings.RowsOfPass() * settings.SequenceLength;
        // Computed again or kept, the results are the same bits: so the machine may decide. Half of its memory is left to others.
        settings = settings with
        {
            GradientCheckpointing =
                request.Recomputes ?? new TrainingCost(config, request.Lora, false, rows).Bytes + file.ByteLength > TrainingRun.Memory / 2,
        };
        TrainingRun.RequireMemory(new TrainingCost(config, request.Lora, settings.GradientCheckpointing, rows));
        TrainingRun run = new(terminal, settings, request.Output);
        run.Plan(data, FinetunePace.UsualRate(config.Width, isLora), pace.Undecided, name => $"--{name.Replace('_', '-')}");
        using TrainableModel model = request.Lora is { } lora
            ? TrainableModel.Adapt(config, file.Tensors, lora, settings.Seed)
            : TrainableModel.Copy(config, file.Tensors);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Output)));
        RunReport report = new(request.Threads, request.Json);
        JsonObject asked = Identity(file, run.Identity(data), request.Lora);
        IReadOnlyList<TrainingStep> steps = run.Train(model, data, name, asked, () => { }, report, stop);
        run.Finish(steps, Write(file, model, name, request, stop), report);
    }

    /// <summary>The model's own template; null where it has none, and learns from texts alone.</summary>
    private static ChatTemplate? TemplateOf(string path)
    {
        try
        {
            return QwenChatTemplate.Load(path);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static string[] Write(Checkpoint file, TrainableModel model, string name, FinetuneRequest request, CancellationToken stop)
    {
        if (model.Lora is null)
        {
            string path = Path.Combine(request.Output, TrainingRun.ModelName);
            ModelWriter.Save(file, path, new ModelWriterOptions
            {
                Mix = request.Type is null ? null : ModelWriterArguments.Mix(request.Type),
                Replacements = model.Weights.ToDictionary(weight => weight.Name),
                AllowsRequantization = true,
                Threads = request.Threads,
            }, cancellationToken: stop);
            return [path];
        }

        LoraAdapter adapter = model.ToAdapter(name);
        string folder = Path.Combine(request.Output, TrainingRun.AdapterName),
            gguf = Path.Combine(request.Output, TrainingRun.AdapterFileName);
        AdapterFile.WritePeft(adapter, folder, BaseModelName.Of(file));
        AdapterFile.WriteGguf(adapter, gguf);
        return [folder, gguf];
    }

    /// <summary>What the trained weights depend on.</summary>
    private static JsonObject Identity(Checkpoint file, JsonObject settings, LoraOptions? lora)
    {
        // The method and the model come first, as other settings follow from them.
        JsonObject asked = new()
        {
            ["method"] = lora is null ? "full" : "lora",
            ["model_bytes"] = file.ByteLength,
            ["model_hash"] = ContentHash.Of(file.Tensors),
            ["lora"] = lora is null ? null : new JsonObject
            {
                ["rank"] = lora.Rank,
                ["alpha"] = lora.Alpha,
                ["rank_stabilized"] = lora.IsRankStabilized,
                ["dropout"] = lora.Dropout,
                ["targets"] = string.Join(',', lora.Targets),
            },
        };
        foreach ((string name, JsonNode? setting) in settings)
            asked[name] = setting?.DeepClone();

        return asked;
    }
}
