using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Cli.Options;
using QwenSharp.Cli.Terminals;
using QwenSharp.Cli.Training;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;
using QwenSharp.Training;

namespace QwenSharp.Cli.Commands;

/// <summary><c>qwensharp train</c>: a model from scratch.</summary>
internal static class TrainCommand
{
    private const string Examples = """
        qwensharp train box/train.json                  # the model in the box, again
        qwensharp train my.json --threads 8             # interrupted or killed: the same command goes on
        qwensharp train my.json --steps 20 --output try # a short trial elsewhere
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> file = new("CONFIG")
        {
            Description = "A JSON file: name, output, model (shape), tokenizer, template, type, training. docs/training.md describes it.",
        };
        Option<string?> output = new("--output") { Description = "The folder of the run, in place of the file's.", HelpName = "FOLDER" };
        Option<long?> steps = Values.Optional<long>("--steps", 1, long.MaxValue, "Updates, in place of the file's steps or epochs.");
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
        Option<bool> json = Values.Json("One JSON object at the end: steps, tokens, losses, files.");
        DocumentedCommand command = new("train", "Trains a model from scratch on your own texts and conversations.", Examples)
        {
            file,
            output,
            steps,
            threads,
            json,
        };
        command.SetAction(
            (parsed, stop) =>
            {
                TrainConfig config = TrainConfig.Read(parsed.GetValue(file)!);
                if (parsed.GetValue(output) is { } folder)
                {
                    config = config with
                    {
                        Output =
                            folder.Length > 0
                                ? Path.GetFullPath(folder)
                                : throw new UsageException("--output is empty; it names the folder of the run."),
                    };
                }

                if (parsed.GetValue(steps) is { } given)
                    config = config with { Training = config.Training with { Steps = given } };

                TrainingRun.Check(
                    config.Output,
                    "The output",
                    [.. config.Training.Files(), .. config.Tokenizer.Data],
                    [.. ((string?[])[config.Tokenizer.From, config.StartFrom, config.Template]).OfType<string>().Distinct()]);
                Train(terminal, config, new RunReport(parsed.GetValue(threads), parsed.GetValue(json)), stop);
                return Task.FromResult(ExitCode.Ok);
            });
        return command;
    }

    private static void Train(Terminal terminal, TrainConfig config, RunReport report, CancellationToken stop)
    {
        TrainingRun.RequirePrecision(config.Training.Precision);
        WeightMix mix = ModelWriterArguments.Mix(config.Type);
        string? source = config.Template is null ? null : Utf8Text.ReadFile(config.Template);
        BpeVocabulary? given = config.Tokenizer.From is { } from
            ? WithRoles(QwenTokenizer.LoadVocabulary(from), config.Tokenizer.ToOptions())
            : null;
        BpeTokenizer? known = given is null ? null : BpeTokenizer.Create(given);
        ChatTemplate? template = source is null ? null : Template(config.Template!, source, SpecialTokens(config, known));
        BpeVocabulary vocabulary = given ?? Vocabulary(terminal, config, template, stop);
        BpeTokenizer tokenizer = known ?? BpeTokenizer.Create(vocabulary);
        using Checkpoint? start = config.StartFrom is null ? null : ModelFiles.Open(config.StartFrom);
        ModelConfig shape = Shape(config, start, tokenizer);
        TrainingRun.RequireMemory(
            new TrainingCost(
                shape,
                null,
                config.Training.GradientCheckpointing,
                config.Training.RowsOfPass() * config.Training.SequenceLength));
        using TrainableModel model = start is null
            ? TrainableModel.Create(shape, config.Training.Seed)
            : TrainableModel.Copy(shape, start.Tensors);
        TrainingRun run = new(terminal, config.Training, config.Output);
        GgufWriter header = Header(config, shape, vocabulary, source);
        TrainingData data = run.Load(tokenizer, template, stop);
        run.Plan(data, usualRate: null, [], name => $"training.{name}");
        string tokenizerPath = Path.Combine(config.Output, TrainingRun.TokenizerName);
        IReadOnlyList<TrainingStep> steps = run.Train(
            model,
            data,
            config.Name,
            Identity(config, run.Identity(data), source, model),
            () => Keep(vocabulary, tokenizerPath),
            report,
            stop);
        run.Finish(steps, [Write(terminal, config, mix, header, model, report.Threads, stop), tokenizerPath], report);
    }

    /// <summary>
    /// The shape that is asked for, with as many tokens as the tokenizer has; a model that is gone on from may have rows for more.
    /// </summary>
    private static ModelConfig Shape(TrainConfig config, Checkpoint? start, BpeTokenizer tokenizer)
    {
        if (start is null)
            return config.Model.ToModelConfig(tokenizer.VocabularySize);

        ModelConfig begun = LanguageModel.Load(start).Config;
        config.Model.RequireShapeOf(begun);
        return tokenizer.VocabularySize <= begun.VocabularySize
            ? config.Model.ToModelConfig(begun.VocabularySize)
            : throw new InvalidDataException(
                $"The tokenizer has {tokenizer.VocabularySize} tokens, and {config.StartFrom} {begun.VocabularySize}.");
    }

    /// <summary>The tokenizer that the run was begun with, or else one that is learnt from the data.</summary>
    private static BpeVocabulary Vocabulary(Terminal terminal, TrainConfig config, ChatTemplate? template, CancellationToken stop)
    {
        string path = Path.Combine(config.Output, TrainingRun.TokenizerName);
        BpeTrainerOptions options = config.Tokenizer.ToOptions();
        if (File.Exists(path) && TrainingRun.HasBegun(config.Output))
            return WithRoles(TokenizerJson.Read(File.ReadAllBytes(path)), options);

        terminal.Error.WriteLine("learning a tokenizer from the data …");
        IEnumerable<string> texts = TrainingData.Texts(
            config.Tokenizer.Data is { Count: > 0 } own ? own : config.Training.Data,
            template,
            config.Training.SkipBadLines ? BadLinePolicy.Skip : BadLinePolicy.Stop);
        BpeVocabulary vocabulary = BpeTrainer.Train(texts, options, stop);
        int size = BpeTokenizer.Create(vocabulary).VocabularySize;
        if (size < options.VocabularySize)
            terminal.Error.WriteLine($"the data gives no more than {size} of the {options.VocabularySize} tokens asked for");

        return vocabulary;
    }

    /// <summary>
    /// A tokenizer.json does not say which tokens end a turn and fill a batch; a model that does not know the first never stops.
    /// </summary>
    private static BpeVocabulary WithRoles(BpeVocabulary vocabulary, BpeTrainerOptions options)
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary);
        int? IdOf(string? token) => token is not null && tokenizer.TryGetId(token, out int id) ? id : null;
        return vocabulary with { EosId = vocabulary.EosId ?? IdOf(options.EosToken), PadId = vocabulary.PadId ?? IdOf(options.PadToken) };
    }

    private static void Keep(BpeVocabulary vocabulary, string path)
    {
        byte[] json = TokenizerJson.Write(vocabulary);
        if (File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(json))
            return;

        // A learnt tokenizer cannot be read out of a checkpoint: it must be on the disk before one is.
        string partial = path + ".partial";
        using (FileStream stream = File.Create(partial))
        {
            stream.Write(json);
            stream.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <summary>
    /// Templates get the names of special tokens as they will when the model is served; those of a tokenizer that is yet to be learnt are
    /// known.
    /// </summary>
    private static IReadOnlyDictionary<string, string> SpecialTokens(TrainConfig config, BpeTokenizer? known)
    {
        if (known is not null)
            return QwenChatTemplate.SpecialTokens(known);

        BpeTrainerOptions options = config.Tokenizer.ToOptions();
        return new Dictionary<string, string> { ["eos_token"] = options.EosToken, ["pad_token"] = options.PadToken }
            .Where(role => role.Value.Length > 0)
            .ToDictionary();
    }

    private static ChatTemplate Template(string path, string source, IReadOnlyDictionary<string, string> specialTokens)
    {
        try
        {
            return new ChatTemplate(source, new ChatTemplateOptions { SpecialTokens = specialTokens });
        }
        catch (TemplateException fault)
        {
            throw new InvalidDataException($"{path}: {fault.Message}", fault);
        }
    }

    /// <summary>All of the model's file but its weights: what is wrong with it is said before the training.</summary>
    private static GgufWriter Header(TrainConfig config, ModelConfig shape, BpeVocabulary vocabulary, string? template)
    {
        GgufWriter writer = new();
        ConfigWriter.Write(shape, writer);
        writer.Add("general.name", config.Name);
        TokenizerMetadata.Write(writer, vocabulary, shape.VocabularySize, template);
        foreach ((string key, JsonElement value) in config.Metadata)
        {
            try
            {
                writer.Add(key, MetadataJson.Value(key, value));
            }
            catch (Exception fault) when (fault is ArgumentException or InvalidDataException)
            {
                throw new InvalidDataException($"metadata, at '{key}': {CommandTree.Said(fault)}", fault);
            }
        }

        return writer;
    }

    /// <summary>Writes the model in the type that was asked for, and says where that cannot be.</summary>
    private static string Write(
        Terminal terminal,
        TrainConfig config,
        WeightMix mix,
        GgufWriter writer,
        TrainableModel model,
        int threads,
        CancellationToken stop)
    {
        foreach (Tensor weight in model.Weights)
            writer.AddTensor(weight);

        string trained = Path.Combine(config.Output, TrainingRun.TrainedName), path = Path.Combine(config.Output, TrainingRun.ModelName);
        try
        {
            writer.Save(trained);
            ModelWriterOptions options = new() { Mix = mix, Threads = threads };
            using (GgufFile file = GgufFile.Open(trained))
                ModelWriter.Save(file, path, options, cancellationToken: stop);

            using GgufFile written = GgufFile.Open(path);
            foreach (string line in ModelWriterArguments.FallbackLines(written, options))
                terminal.Error.WriteLine(line);
        }
        finally
        {
            File.Delete(trained);
        }

        return path;
    }

    /// <summary>What the trained weights depend on. Files count by what is in them, so that a folder may be moved.</summary>
    private static JsonObject Identity(TrainConfig config, JsonObject training, string? template, TrainableModel start)
    {
        JsonObject asked = JsonSerializer.SerializeToNode(config, TrainingJson.Default.TrainConfig)!.AsObject();
        foreach (string irrelevant in (string[])["output", "type", "name", "metadata"])
            asked.Remove(irrelevant);

        // The tokenizer's files are told by the tokens that it makes of the data.
        asked["tokenizer"]!.AsObject().Remove("data");
        asked["tokenizer"]!["from"] = config.Tokenizer.From is not null;
        asked["template"] = template is null ? null : ContentHash.Of(Encoding.UTF8.GetBytes(template));
        asked["start_from"] = config.StartFrom is null ? null : ContentHash.Of(start.Weights);
        asked["training"] = training;
        return asked;
    }
}
