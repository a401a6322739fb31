using System.CommandLine;
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
    private const string TokenizerName = "tokenizer.json", TrainedName = "trained.gguf";

    private const string Examples = """
        qwensharp train box/train.json                  # the model in the box, again
        qwensharp train my.json --threads 8             # interrupted or killed: the same command goes on
        qwensharp train my.json --steps 20 --output try # a short trial elsewhere
        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> file = new("CONFIG") { Description = "A JSON file: name, output, model (shape), tokenizer, template, type, training. docs/training.md describes it." };
        Option<string?> output = new("--output") { Description = "The folder of the run, in place of the file's.", HelpName = "FOLDER" };
        Option<long?> steps = Values.Optional<long>("--steps", 1, long.MaxValue, "Updates, in place of the file's steps or epochs.");
        Option<int> threads = Values.Number("--threads", 0, 1024, "Threads that compute; 0 for one a processor.", 0);
        Option<bool> json = Values.Json("One JSON object at the end: steps, tokens, losses, files.");
        DocumentedCommand command = new("train", "Trains a model from scratch on your own texts and conversations.", Examples) { file, output, steps, threads, json };
        command.SetAction((parsed, stop) =>
        {
            TrainConfig config = TrainConfig.Read(parsed.GetValue(file)!);
            if (parsed.GetValue(output) is { } folder)
                config = config with { Output = folder.Length > 0 ? Path.GetFullPath(folder) : throw new UsageException("--output is empty; it names the folder of the run.") };
            if (parsed.GetValue(steps) is { } given)
                config = config with { Training = config.Training with { Steps = given } };

            TrainingRun.Prepare(config.Output, "The output", config.Training, [.. ((string?[])[config.Tokenizer.From, config.StartFrom]).OfType<string>().Distinct()]);
            Train(terminal, config, parsed.GetValue(threads), parsed.GetValue(json), stop);
            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }

    private static void Train(Terminal terminal, TrainConfig config, int threads, bool json, CancellationToken stop)
    {
        WeightMix mix = ModelWriterArguments.Mix(config.Type);
        (string Key, GgufValue Value)[] metadata = [.. config.Metadata.Select(entry => (entry.Key, Value(entry.Key, entry.Value)))];
        string? source = config.Template is null ? null : File.ReadAllText(config.Template);
        ChatTemplate? template = source is null ? null : Template(config.Template!, source);
        BpeVocabulary vocabulary = Vocabulary(terminal, config, template, stop);
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary);
        ModelConfig shape = config.Model.ToModelConfig(tokenizer.VocabularySize);
        TrainingRun.RequireMemory(new TrainingCost(shape, null, config.Training.GradientCheckpointing, config.Training.Batches().Rows * config.Training.SequenceLength));
        using TrainableModel model = Weights(config, shape);
        TrainingRun run = new(terminal, config.Training, config.Output);
        TrainingData data = run.Load(tokenizer, template, stop);
        IReadOnlyList<TrainingStep> steps = run.Train(model, data, config.Name, Identity(config), threads, stop);
        run.Finish(steps, [Write(terminal, config, mix, metadata, vocabulary, source, model, stop)], json);
    }

    /// <summary>Weights to begin with: drawn, or another model's.</summary>
    private static TrainableModel Weights(TrainConfig config, ModelConfig shape)
    {
        if (config.StartFrom is null)
            return TrainableModel.Create(shape, config.Training.Seed);

        using Checkpoint start = ModelFiles.Open(config.StartFrom);
        config.Model.RequireShapeOf(LanguageModel.Load(start).Config);
        return TrainableModel.Copy(shape, start.Tensors);
    }

    /// <summary>The tokenizer of the run: another model's, or the one that it was begun with, or else one that is learnt from the data.</summary>
    private static BpeVocabulary Vocabulary(Terminal terminal, TrainConfig config, ChatTemplate? template, CancellationToken stop)
    {
        string path = Path.Combine(config.Output, TokenizerName);
        BpeTrainerOptions options = new() { VocabularySize = config.Tokenizer.Vocabulary, LongestToken = config.Tokenizer.LongestToken, KeepsWordsApart = config.Tokenizer.WordsApart };
        if (config.Tokenizer.From is { } from)
            return Keep(WithRoles(QwenTokenizer.LoadVocabulary(from), options), path);
        if (File.Exists(path) && TrainingRun.HasBegun(config.Output))
            return WithRoles(TokenizerJson.Read(File.ReadAllBytes(path)), options);

        terminal.Error.WriteLine("learning a tokenizer from the data …");
        IEnumerable<string> texts = TrainingData.Texts(config.Training.Data, template, config.Training.SkipBadLines ? BadLinePolicy.Skip : BadLinePolicy.Stop);
        BpeVocabulary vocabulary = BpeTrainer.Train(texts, options, stop);
        int size = BpeTokenizer.Create(vocabulary).VocabularySize;
        if (size < options.VocabularySize)
            terminal.Error.WriteLine($"the data gives no more than {size} of the {options.VocabularySize} tokens asked for");

        return Keep(vocabulary, path);
    }

    /// <summary>A tokenizer.json does not say which tokens end a turn and fill a batch; a model that does not know the first never stops.</summary>
    private static BpeVocabulary WithRoles(BpeVocabulary vocabulary, BpeTrainerOptions options)
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary);
        int? IdOf(string? token) => token is not null && tokenizer.TryGetId(token, out int id) ? id : null;
        return vocabulary with { EosId = vocabulary.EosId ?? IdOf(options.EosToken), PadId = vocabulary.PadId ?? IdOf(options.PadToken) };
    }

    private static BpeVocabulary Keep(BpeVocabulary vocabulary, string path)
    {
        string partial = path + ".partial";
        File.WriteAllBytes(partial, TokenizerJson.Write(vocabulary));
        File.Move(partial, path, overwrite: true);
        return vocabulary;
    }

    private static ChatTemplate Template(string path, string source)
    {
        try
        {
            return new ChatTemplate(source);
        }
        catch (TemplateException fault)
        {
            throw new InvalidDataException($"{path}: {fault.Message}", fault);
        }
    }

    /// <summary>Writes the model in the type that was asked for, and says where that cannot be.</summary>
    private static string Write(
        Terminal terminal, TrainConfig config, WeightMix mix, (string Key, GgufValue Value)[] metadata, BpeVocabulary vocabulary, string? template, TrainableModel model, CancellationToken stop)
    {
        GgufWriter writer = new();
        ConfigWriter.Write(model.Config, writer);
        writer.Add("general.name", config.Name);
        TokenizerMetadata.Write(writer, vocabulary, model.Config.VocabularySize, template);
        foreach ((string key, GgufValue value) in metadata)
            writer.Add(key, value);

        foreach (Tensor weight in model.Weights)
            writer.AddTensor(weight);

        string trained = Path.Combine(config.Output, TrainedName), path = Path.Combine(config.Output, TrainingRun.ModelName);
        try
        {
            writer.Save(trained);
            ModelWriterOptions options = new() { Mix = mix };
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

    private static GgufValue Value(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number when value.TryGetInt32(out int whole) => whole,
        JsonValueKind.Number => value.GetSingle(),
        _ => throw new InvalidDataException($"metadata, at {key}: a text, a number, true or false is expected, not {value.GetRawText()}"),
    };

    /// <summary>What the trained weights depend on.</summary>
    private static JsonObject Identity(TrainConfig config)
    {
        JsonObject asked = JsonSerializer.SerializeToNode(config, TrainingJson.Default.TrainConfig)!.AsObject();
        foreach (string irrelevant in (string[])["output", "type", "name", "metadata"])
            asked.Remove(irrelevant);

        asked["training"] = TrainingRun.Identity(config.Training);
        return asked;
    }
}
