using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Chat;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Terminals;
using QwenSharp.Numerics;
using QwenSharp.Tokenizers;
using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>How a run computes, and how it tells of itself.</summary>
/// <param name="Threads">Threads that compute; 0 for one a processor.</param>
/// <param name="Json">Whether standard output is for one JSON object alone.</param>
internal readonly record struct RunReport(int Threads, bool Json);

/// <summary>
/// What <c>train</c> and <c>finetune</c> share: reading the data, the run with its display, and what is left of it in its folder.
/// </summary>
internal sealed class TrainingRun(Terminal terminal, TrainingSettings settings, string folder)
{
    /// <summary>The trained model in the folder of a run.</summary>
    public const string ModelName = "model.gguf";

    /// <summary>The weights as they were trained, which are there while the model is written in its own type.</summary>
    public const string TrainedName = "trained.gguf";

    /// <summary>The tokenizer in the folder of a run from scratch.</summary>
    public const string TokenizerName = "tokenizer.json";

    /// <summary>The adapter in the folder of a run: a folder as PEFT writes it, and a file.</summary>
    public const string AdapterName = "adapter", AdapterFileName = "adapter.gguf";

    private const string CurveName = "loss.svg", LeftOutName = "left-out.txt";

    // What is shown; all of them are in a file.
    private const int BadLinesShown = 20;

    /// <summary>Refuses a folder in which the run would write over what it reads.</summary>
    /// <param name="folder">The folder of the run.</param>
    /// <param name="name">What asked for it, as its user wrote it.</param>
    /// <param name="data">The files that it learns from, which must be there.</param>
    /// <param name="models">Models, templates and tokenizers that the run reads.</param>
    /// <exception cref="UsageException">The message says why, and what to do.</exception>
    /// <exception cref="FileNotFoundException">A file of data is missing.</exception>
    public static void Check(string folder, string name, IReadOnlyList<string> data, params ReadOnlySpan<string> models)
    {
        if (data.FirstOrDefault(Directory.Exists) is { } other)
            throw new UsageException($"'{other}' is a folder; name the files to learn from.");
        if (data.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw new FileNotFoundException($"There is no file '{missing}' to learn from.");
        if (File.Exists(folder))
            throw new UsageException($"{name} is '{folder}', a file; name a folder.");

        // In a folder inside of a model's there is room for a run.
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string[] read =
        [
            .. models
                .ToArray()
                .Where(model =>
                    !full.StartsWith(
                        Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)) + Path.DirectorySeparatorChar,
                        StringComparison.Ordinal)),
            .. data,
        ];
        foreach (
            string written in (string[])
                [ModelName, TrainedName, TokenizerName, AdapterFileName, CurveName, LeftOutName, Trainer.LogName, Trainer.CheckpointName])
        {
            OutputFile.CheckReplaced(Path.Combine(folder, written), read);
        }

        foreach (string model in models)
        {
            if (Directory.Exists(model) && Path.TrimEndingDirectorySeparator(Path.GetFullPath(model)) == full)
                throw new UsageException($"{name} is '{folder}', the model's own folder; name another.");
        }

        if (File.Exists(Path.Combine(folder, "config.json")))
            throw new UsageException($"{name} is '{folder}', the folder of a model; name another.");
    }

    /// <summary>Removes what a run that was killed while it wrote its results has left.</summary>
    private void RemoveUnfinished()
    {
        string adapter = Path.Combine(folder, AdapterName);
        foreach (
            string partial in Directory
                .EnumerateFiles(folder, "*.gguf.*.partial")
                .Concat(Directory.Exists(adapter) ? Directory.EnumerateFiles(adapter, "adapter_*.partial") : []))
        {
            File.Delete(partial);
        }
    }

    /// <summary>Whether a run in this folder has a checkpoint to go on from.</summary>
    public static bool HasBegun(string folder) => File.Exists(Path.Combine(folder, Trainer.CheckpointName));

    /// <summary>Bytes that this process may hold.</summary>
    public static long Memory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>
    /// Refuses a model that the machine's memory cannot hold while it is trained; the system would end the process without a word.
    /// </summary>
    /// <exception cref="InvalidDataException">The message has both figures.</exception>
    public static void RequireMemory(TrainingCost cost)
    {
        if (cost.Bytes > Memory)
        {
            throw new InvalidDataException(
                $"Training takes {Output.Bytes(cost.Bytes)} of memory, and this machine has {Output.Bytes(Memory)}: a smaller model, "
                    + "fewer tokens in a pass or gradient checkpointing take less."
            );
        }
    }

    /// <summary>Refuses a precision that this processor's kernels have no products of.</summary>
    /// <exception cref="InvalidDataException">The message says so, and what to do.</exception>
    public static void RequirePrecision(TrainingPrecision precision)
    {
        if (
            TrainingPrecisions.WhyNot(precision, InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable))) is
            { } missing)
        {
            throw new InvalidDataException(missing);
        }
    }

    /// <summary>Reads the data and says what is in it.</summary>
    public TrainingData Load(BpeTokenizer tokenizer, ChatTemplate? template, CancellationToken stop)
    {
        TrainingDataOptions options = new()
        {
            SequenceLength = settings.SequenceLength,
            PromptLossWeight = settings.PromptLossWeight,
            BpeDropout = settings.BpeDropout,
            BadLines = settings.SkipBadLines ? BadLinePolicy.Skip : BadLinePolicy.Stop,
            HeldOutShare = settings.HeldOutData.Count > 0 ? 0 : settings.HeldOut,
            HeldOutFiles = settings.HeldOutData,
            Seed = settings.Seed,
        };
        TrainingData data;
        using (ProgressLine line = new(terminal))
        {
            data = TrainingData.Load(
                settings.Data,
                tokenizer,
                template,
                options,
                new Follower(share => line.Show($"reading the data: {100 * share:0} %")),
                stop);
        }

        foreach (BadLine bad in data.BadLines.Take(BadLinesShown))
            terminal.Error.WriteLine($"left out {bad}");
        if (data.BadLines.Count > BadLinesShown)
            Say($"… and {data.BadLines.Count - BadLinesShown} more lines left out");

        if (settings.HeldOutData.Count > 0 && data.HeldOut.Count == 0)
            throw new TrainingDataException($"{string.Join(", ", settings.HeldOutData)}: there is nothing in it to evaluate on.");

        Say(
            $"data: {data.Training.Count:#,0} examples, {data.Training.TokenCount:#,0} tokens, {data.Training.LearntTokenCount:#,0} of ",
            $"them learnt; {data.HeldOut.Count:#,0} examples held out"
        );
        if (data.CutCount + data.DroppedCount > 0)
        {
            Say(
                $"      {data.CutCount:#,0} longer than {settings.SequenceLength} tokens and cut, {data.DroppedCount:#,0} left ",
                $"out{(data.FirstDropped is { } first ? $", the first {first}" : "")}"
            );
        }

        if (data.HeldOutCopies > 0)
            Say($"      {data.HeldOutCopies:#,0} that the held-out files have too left out");

        return data;
    }

    /// <summary>Updates of the run.</summary>
    private long StepsOf(TrainingData data) => settings.Steps ?? data.StepsOf(settings.Epochs, settings.Rows());

    /// <summary>Says how long and how fast the run will be, and what speaks against its learning anything.</summary>
    /// <param name="data">The data.</param>
    /// <param name="usualRate">A learning rate that such a model takes; null where none is known.</param>
    /// <param name="undecided">The options that would say what was chosen for the data.</param>
    /// <param name="nameOf">A setting as its user writes it, by its name in a configuration file.</param>
    public void Plan(TrainingData data, double? usualRate, IReadOnlyList<string> undecided, Func<string, string> nameOf)
    {
        long steps = StepsOf(data), warmup = settings.WarmupOf(steps);
        double epochs = (double)steps * settings.Rows() / data.Training.RowCount;
        string falls = settings.Decay switch
        {
            LearningRateDecay.Constant => "and stays",
            LearningRateDecay.Linear => "and falls in a line",
            _ => "and falls along a cosine",
        };
        Say(
            $"plan: {steps:#,0} updates of {settings.Rows() * settings.SequenceLength:#,0} tokens, {epochs:0.##} epochs; the learning ",
            $"rate {(warmup > 0 ? "rises to" : "is")} {settings.LearningRate:0.0#e0} ",
            $"{(warmup > 0 ? $"in {warmup:#,0} updates " : "")}",
            $"{falls}"
        );
        if (undecided.Count > 0)
            Say($"      chosen for the data and the model; {string.Join(", ", undecided)} would say otherwise");
        foreach (string doubt in TrainingDoubts.Of(settings, steps, data, usualRate, nameOf))
            terminal.Error.WriteLine($"warning: {doubt}");
    }

    /// <summary>Trains to the end, and draws the loss.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The data.</param>
    /// <param name="title">What the picture is of.</param>
    /// <param name="asked">All that the result depends on, to tell this run from another in the same folder.</param>
    /// <param name="begin">Writes what belongs to the run from its beginning on; by then the folder is known to be this run's.</param>
    /// <param name="report">What is asked of the display.</param>
    /// <param name="stop">Ends the run; it can be resumed.</param>
    /// <returns>The steps.</returns>
    public IReadOnlyList<TrainingStep> Train(
        TrainableModel model,
        TrainingData data,
        string title,
        JsonNode asked,
        Action begin,
        RunReport report,
        CancellationToken stop)
    {
        int rows = settings.Rows();
        long steps = StepsOf(data);
        TrainingBatch[] heldOut = [.. data.HeldOut.Batches(settings.RowsOfPass())];
        Dictionary<string, string> identity = [];
        Flatten("", asked, identity);
        identity["data: examples"] = data.Training.Count.ToString(CultureInfo.InvariantCulture);
        identity["data: tokens"] = data.Training.TokenCount.ToString(CultureInfo.InvariantCulture);
        identity["data: hash"] = data.Fingerprint().ToString("x16", CultureInfo.InvariantCulture);
        using TrainingCompute compute = new(report.Threads, precision: settings.Precision);
        using Trainer trainer = new(model, compute, new TrainerOptions
        {
            Steps = steps,
            Folder = folder,
            Optimizer = settings.ToOptimizer(steps),
            Settings = identity,
            CheckpointInterval = TimeSpan.FromMinutes(settings.CheckpointMinutes),
            EvaluationInterval = settings.EvaluationInterval,
            Recomputes = settings.GradientCheckpointing,
            Seed = settings.Seed,
        });
        RemoveUnfinished();
        begin();
        WriteLeftOut(data.BadLines);
        Say(
            $"training {model.TrainedCount:#,0} parameters with {compute.Threads} threads, {compute.Isa}",
            $"{(compute.Precision == TrainingPrecision.F32 ? "" : $", products of {compute.Precision}")}"
        );
        if (trainer.Steps.Count > 0)
            Say($"going on behind step {trainer.Steps.Count}");
        else if (heldOut.Length > 0)
            Say($"held-out loss before: {trainer.Evaluate(heldOut, stop):0.0000}");

        try
        {
            using TrainingDisplay display = new(terminal, report.Json ? terminal.Error : terminal.Out);
            trainer.Run(step => data.Batches(step - 1, rows, settings.RowsOfPass()), heldOut, display, stop);
        }
        catch (Exception end) when (end is OperationCanceledException or InvalidOperationException)
        {
            if (end is OperationCanceledException)
                Say($"stopped behind step {trainer.Steps.Count} of {steps}; the same command goes on from there");

            Draw();
            throw;
        }

        Draw();
        return trainer.Steps;

        void Draw() => File.WriteAllText(Path.Combine(folder, CurveName), LossCurve.Draw(title, trainer.Steps));
    }

    // Only now is the folder known to be this run's.
    private void WriteLeftOut(IReadOnlyList<BadLine> lines)
    {
        if (lines.Count <= BadLinesShown)
            return;

        string all = Path.Combine(folder, LeftOutName);
        File.WriteAllLines(all, lines.Select(bad => bad.ToString()));
        Say($"all {lines.Count} lines that were left out are in {all}");
    }

    /// <summary>Says where the results are.</summary>
    public void Finish(IReadOnlyList<TrainingStep> steps, IEnumerable<string> files, RunReport report)
    {
        string[] written = [.. files, Path.Combine(folder, CurveName)];
        if (report.Json)
        {
            terminal.Out.WriteLine(new JsonObject
            {
                ["steps"] = steps.Count,
                ["tokens"] = steps[^1].Tokens,
                ["loss"] = steps[^1].Loss,
                ["held_out_loss"] = steps[^1].HeldOutLoss,
                ["files"] = new JsonArray([.. written.Select(file => (JsonNode)file)]),
            }.ToJsonString(Output.JsonText));
            return;
        }

        foreach (string file in written)
            terminal.Out.WriteLine(file);
    }

    /// <summary>Of the settings, those that the trained weights depend on.</summary>
    /// <param name="data">What follows from the data is told by what came of it.</param>
    public JsonObject Identity(TrainingData data)
    {
        JsonObject asked = JsonSerializer.SerializeToNode(settings, TrainingJson.Default.TrainingSettings)!.AsObject();
        foreach (
            string irrelevant in (string[])["checkpoint_minutes", "evaluation_interval", "data", "held_out_data", "gradient_checkpointing"])
        {
            asked.Remove(irrelevant);
        }

        asked["warmup_steps"] = settings.WarmupOf(StepsOf(data));

        // Runs from before there was a choice were in F32, and divided no tokens.
        if (settings.Precision == TrainingPrecision.F32)
            asked.Remove("precision");
        if (settings.BpeDropout == 0)
            asked.Remove("bpe_dropout");

        return asked;
    }

    private void Say(params FormattableString[] parts)
    {
        terminal.Error.WriteLine(string.Concat(parts.Select(part => part.ToString(CultureInfo.InvariantCulture))));
        terminal.Error.Flush();
    }

    private static void Flatten(string path, JsonNode? node, Dictionary<string, string> values)
    {
        if (node is JsonObject members)
        {
            foreach ((string name, JsonNode? member) in members)
                Flatten(path.Length == 0 ? name : $"{path}.{name}", member, values);
        }
        else
        {
            values[path] = node?.ToJsonString() ?? "null";
        }
    }

    private sealed class Follower(Action<double> follow) : IProgress<double>
    {
        public void Report(double value) => follow(value);
    }
}
