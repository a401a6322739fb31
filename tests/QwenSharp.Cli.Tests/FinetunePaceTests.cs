using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Cli.Training;
using QwenSharp.Tokenizers;
using QwenSharp.Training;

namespace QwenSharp.Cli.Tests;

/// <summary>How long and how fast a model is taught where nothing is said: by the data, so that it learns; what is said is done.</summary>
public sealed class FinetunePaceTests : IDisposable
{
    private readonly TinyTraining _training = new();

    public void Dispose() => _training.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(154)]
    [InlineData(3000)]
    [InlineData(40_000)]
    public void Any_data_gets_enough_updates_and_a_warm_up_that_is_short(int examples)
    {
        TrainingData data = Texts(examples);
        TrainingSettings settled = new FinetunePace(null, null, null, null, null).Settle(Asked, data, 1024, isLora: true);
        long steps = data.StepsOf(settled.Epochs, settled.Rows());

        Assert.InRange(steps, 100, Math.Max(100, 2L * data.Training.RowCount) + data.Training.RowCount);
        Assert.InRange(settled.Epochs, 3, 100);
        Assert.InRange(settled.WarmupOf(steps), 0, steps / 10);
        Assert.InRange(settled.BatchTokens, 64, FinetunePace.MostBatchTokens);
        Assert.Equal(4e-4, settled.LearningRate);
        Assert.Empty(TrainingDoubts.Of(settled, steps, data, 4e-4, name => name));
    }

    [Fact]
    public void What_is_given_is_honoured_and_the_rest_follows()
    {
        TrainingData data = Texts(154);
        TrainingSettings given = new FinetunePace(7, null, 256, 3, 1e-3).Settle(Asked, data, 1024, isLora: true),
            steps = new FinetunePace(null, 12, null, null, null).Settle(Asked, data, 2560, isLora: false);

        Assert.Equal((7, null, 256, 3, 1e-3), (given.Epochs, given.Steps, given.BatchTokens, given.WarmupSteps, given.LearningRate));
        Assert.Equal((12, 0, 1.6e-5), (steps.Steps, steps.WarmupSteps, steps.LearningRate));
        Assert.Empty(new FinetunePace(7, null, 256, 3, 1e-3).Undecided);
        Assert.Equal(["--batch-tokens", "--warmup-steps", "--learning-rate"], new FinetunePace(7, null, null, null, null).Undecided);
    }

    [Fact]
    public void A_run_that_has_begun_goes_on_as_it_was_begun()
    {
        Dictionary<string, string> record = new()
        {
            ["epochs"] = "9",
            ["steps"] = "null",
            ["batch_tokens"] = "512",
            ["warmup_steps"] = "2",
            ["learning_rate"] = "0.0003",
        };
        Assert.Equal(new FinetunePace(9, null, 512, 2, 3e-4), new FinetunePace(null, null, null, null, null).Or(record));
        Assert.Equal(new FinetunePace(null, 40, 512, 5, 3e-4), new FinetunePace(null, 40, null, 5, null).Or(record));
    }

    [Theory]
    [InlineData("--epochs", "--steps", "5")]
    [InlineData("--warmup-steps", "--steps", "40", "--warmup-steps", "40")]
    [InlineData("does not get to", "--steps", "40", "--warmup-steps", "100")]
    [InlineData("--learning-rate", "--steps", "40", "--learning-rate", "1e-7")]
    [InlineData("--sequence-length", "--steps", "40", "--sequence-length", "20")]
    public async Task A_run_that_cannot_learn_says_so_before_it_begins(string said, params string[] options)
    {
        await Invocation.RunAsync("train", _training.WriteConfig("base", config => config["training"]!["steps"] = 1));
        string[] finetune =
        [
            "finetune", Path.Combine(_training["base"], "model.gguf"), _training.WriteData("no.jsonl", "no and no and no and no"),
            "--output", _training["lora"],
        ];
        string[] row = options.Contains("--sequence-length") ? [] : ["--sequence-length", "64"];
        Invocation run = await Invocation.RunAsync([.. finetune, .. row, .. options]);
        string before = run.Error[..run.Error.IndexOf("held-out loss before", StringComparison.Ordinal)];

        Assert.Contains("plan: ", before);
        Assert.Contains(said, Assert.Single(before.Split('\n'), line => line.StartsWith("warning: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task By_default_small_data_is_learnt_and_the_plan_is_the_runs()
    {
        // An adapter cannot teach a word whose tokens the model has never seen an answer of.
        _training.WriteData("words.jsonl", "no", "word");
        await Invocation.RunAsync("train", _training.WriteConfig("base", config =>
        {
            config["training"]!["data"] = new JsonArray("yes.jsonl", "words.jsonl");
            config["training"]!["steps"] = 80;
        }));
        string model = Path.Combine(_training["base"], "model.gguf"), data = _training.WriteData("no.jsonl", "no");
        string[] finetune = ["finetune", model, data, "--output", _training["lora"], "--sequence-length", "64"];
        Invocation before = await Invocation.RunAsync("run", model, "Is 7 a number?", "--temperature", "0");
        Invocation run = await Invocation.RunAsync([.. finetune]);
        JsonElement[] steps = [.. File.ReadLines(Path.Combine(_training["lora"], "log.jsonl")).Select(line => JsonElement.Parse(line))];

        Assert.Equal("yes", before.Out.Trim());
        Assert.Equal(0, run.Code);
        Assert.DoesNotContain("warning", run.Error);
        Assert.Contains("chosen for the data", run.Error);
        Assert.InRange(steps.Length, 100, 130);
        Invocation answer = await Invocation.RunAsync(
            "run", model, "Is 7 a number?", "--temperature", "0", "--adapter", Path.Combine(_training["lora"], "adapter"));
        Assert.Equal("no", answer.Out.Trim());

        // The same command, and one that says what was chosen, are the same run.
        IReadOnlyDictionary<string, string> record = Trainer.SettingsOf(_training["lora"])!;
        Invocation again = await Invocation.RunAsync([.. finetune]),
            spelled = await Invocation.RunAsync([.. finetune, "--epochs", record["epochs"], "--batch-tokens", record["batch_tokens"]]);
        Assert.Contains($"going on behind step {steps.Length}", again.Error);
        Assert.Contains($"going on behind step {steps.Length}", spelled.Error);
        Invocation other = await Invocation.RunAsync([.. finetune, "--epochs", "2"]);
        Assert.Equal(ExitCode.Failure, other.Code);
        Assert.Contains("'epochs' was", other.Error);
    }

    private static TrainingSettings Asked => new() { Data = ["x"], SequenceLength = 64, Decay = LearningRateDecay.Cosine };

    /// <summary>So many texts of twelve to thirty tokens.</summary>
    private TrainingData Texts(int count)
    {
        string path = _training["texts.jsonl"];
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(new { text = $"{i} {new string('x', 10 + i % 19)}" })));
        BpeTokenizer tokenizer = BpeTokenizer.Create(BpeTrainer.Train(["a b"], new BpeTrainerOptions { VocabularySize = 290 }));
        return TrainingData.Load([path], tokenizer, template: null, new TrainingDataOptions { SequenceLength = 64 });
    }
}
