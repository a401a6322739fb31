using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Training.Tests;

public sealed class TrainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("qwensharp-").FullName;

    private static ModelConfig Config => SmallTraining.Configs["qwen3, tied"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Loss_falls_to_nothing_on_what_can_be_learnt_by_heart()
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(2);
        using Trainer trainer = new(model, compute, Options("a", steps: 150));
        trainer.Run(
            _ => [SmallTraining.Batch(Config)],
            [SmallTraining.Batch(Config)],
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(trainer.Steps[0].Loss, 2.5, 4);
        Assert.InRange(trainer.Steps[^1].Loss, 0, 0.1);
        Assert.InRange(trainer.Steps[^1].HeldOutLoss!.Value, 0, 0.1);
    }

    [Fact]
    public void A_run_that_was_interrupted_takes_the_same_steps_as_one_that_was_not()
    {
        float[][] expected = Train("whole", stopsAt: null, threads: 1, out IReadOnlyList<TrainingStep> unbroken);
        Assert.Throws<OperationCanceledException>(() => Train("broken", stopsAt: 7, threads: 2, out _));
        Assert.Equal(expected, Train("broken", stopsAt: null, threads: 3, out IReadOnlyList<TrainingStep> resumed));
        Assert.Equal(unbroken, resumed);
        Assert.Equal(
            File.ReadAllText(Path.Combine(_folder, "whole", "log.jsonl")),
            File.ReadAllText(Path.Combine(_folder, "broken", "log.jsonl")));
    }

    [Fact]
    public void A_run_goes_on_from_its_checkpoint_and_not_from_steps_that_were_lost_with_the_process()
    {
        Assert.Throws<OperationCanceledException>(() => Train("killed", stopsAt: 5, threads: 2, out _));
        byte[] checkpoint = File.ReadAllBytes(Path.Combine(_folder, "killed", "checkpoint.safetensors"));
        Assert.Throws<OperationCanceledException>(() => Train("killed", stopsAt: 8, threads: 2, out _));
        File.WriteAllBytes(Path.Combine(_folder, "killed", "checkpoint.safetensors"), checkpoint);
        Train("killed", stopsAt: null, threads: 2, out IReadOnlyList<TrainingStep> resumed);
        Train("whole", stopsAt: null, threads: 2, out IReadOnlyList<TrainingStep> unbroken);
        Assert.Equal(unbroken, resumed);
        Assert.Equal(12, File.ReadAllLines(Path.Combine(_folder, "killed", "log.jsonl")).Length);
    }

    [Fact]
    public void A_stop_in_an_evaluation_keeps_the_step_and_the_resumed_run_makes_up_for_it()
    {
        Train("whole", stopsAt: null, threads: 2, out IReadOnlyList<TrainingStep> unbroken);
        using (TrainableModel model = TrainableModel.Create(Config, 1))
        using (TrainingCompute compute = new(2))
        using (Trainer trainer = new(model, compute, Options("broken", steps: 12) with { EvaluationInterval = 4 }))
        using (CancellationTokenSource stop = new())
        {
            Assert.Throws<OperationCanceledException>(() =>
                trainer.Run(Batches, new StopsWhenRead(SmallTraining.Batch(Config, 1000), stop), cancellationToken: stop.Token));
            Assert.Equal(4, trainer.Steps.Count);
        }

        Train("broken", stopsAt: null, threads: 2, out IReadOnlyList<TrainingStep> resumed);
        Assert.Equal(unbroken, resumed);
        Assert.Equal(
            File.ReadAllText(Path.Combine(_folder, "whole", "log.jsonl")),
            File.ReadAllText(Path.Combine(_folder, "broken", "log.jsonl")));
    }

    [Fact]
    public void One_folder_has_one_run()
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(1);
        using (new Trainer(model, compute, Options("a", steps: 1)))
        {
            Assert.Contains(
                "Another run",
                Assert.Throws<IOException>(() => new Trainer(model, compute, Options("a", steps: 1))).Message,
                StringComparison.Ordinal);
        }

        new Trainer(model, compute, Options("a", steps: 1)).Dispose();
        Assert.False(File.Exists(Path.Combine(_folder, "a", "running")));
    }

    [Fact]
    public void Weights_beyond_all_bounds_are_not_saved()
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(1);
        using Trainer trainer = new(
            model,
            compute,
            Options("a", steps: 1) with
            {
                Optimizer = new OptimizerOptions { LearningRate = 1e39, WarmupSteps = 0 },
            });
        InvalidOperationException end = Assert.Throws<InvalidOperationException>(() =>
            trainer.Run(Batches, [], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("lower learning rate", end.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "a", Trainer.CheckpointName)));
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_refused_with_the_setting()
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(1);
        using (
            Trainer trainer = new(
                model,
                compute,
                Options("a", steps: 1) with
                {
                    Settings = new Dictionary<string, string> { ["rate"] = "1" },
                }))
        {
            trainer.Run(_ => [SmallTraining.Batch(Config)], [], cancellationToken: TestContext.Current.CancellationToken);
        }

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
            new Trainer(model, compute, Options("a", steps: 1) with { Settings = new Dictionary<string, string> { ["rate"] = "2" } }));
        Assert.Contains("'rate' was 1, and is 2", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(300)]
    public void A_damaged_checkpoint_is_refused(int length)
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(1);
        using (Trainer trainer = new(model, compute, Options("a", steps: 1)))
            trainer.Run(_ => [SmallTraining.Batch(Config)], [], cancellationToken: TestContext.Current.CancellationToken);

        string path = Path.Combine(_folder, "a", "checkpoint.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..length]);
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => new Trainer(model, compute, Options("a", steps: 1)));
        Assert.Contains("checkpoint.safetensors", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("remove this file", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_not_a_number_ends_the_run_with_its_step()
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(1);
        using Trainer trainer = new(
            model,
            compute,
            Options("a", steps: 5) with
            {
                Optimizer = new OptimizerOptions { LearningRate = 1e30, WarmupSteps = 0 },
            });
        InvalidOperationException end = Assert.Throws<InvalidOperationException>(() =>
            trainer.Run(_ => [SmallTraining.Batch(Config)], [], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Step 2", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_adapters_move()
    {
        using TrainableModel full = SmallTraining.Model(Config);
        float[][] before = [.. full.Parameters.Select(parameter => SmallTraining.Elements(parameter.Value))];
        using TrainableModel adapted = TrainableModel.Adapt(
            Config,
            full.Weights,
            new LoraOptions
            {
                Rank = 8,
                Targets = [BlockMatrix.Query, BlockMatrix.Down],
                Dropout = 0.1f,
            },
            2);
        Assert.Equal(2 * 2 * Config.Layers, adapted.Parameters.Count);
        using TrainingCompute compute = new(2);
        using Trainer trainer = new(adapted, compute, Options("a", steps: 60));
        trainer.Run(_ => [SmallTraining.Batch(Config)], [], cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(trainer.Steps[^1].Loss, 0, trainer.Steps[0].Loss * 0.8);
        Assert.Equal(before, full.Parameters.Select(parameter => SmallTraining.Elements(parameter.Value)));
    }

    [Theory]
    [InlineData(LearningRateDecay.Cosine, 0.5 * (0.1 + 1))]
    [InlineData(LearningRateDecay.Linear, 0.5 * (0.1 + 1))]
    [InlineData(LearningRateDecay.Constant, 1)]
    public void The_learning_rate_rises_and_falls(LearningRateDecay decay, double halfway)
    {
        OptimizerOptions options = new() { LearningRate = 2, WarmupSteps = 10, FinalShare = 0.1, Decay = decay };
        Assert.Equal(0.2, options.RateAt(1, 110), 1e-12);
        Assert.Equal(2, options.RateAt(10, 110), 1e-12);
        Assert.Equal(2 * halfway, options.RateAt(60, 110), 1e-12);
        Assert.Equal(decay == LearningRateDecay.Constant ? 2 : 0.2, options.RateAt(110, 110), 1e-12);
    }

    private TrainerOptions Options(string folder, long steps) => new()
    {
        Steps = steps,
        Folder = Path.Combine(_folder, folder),
        Optimizer = new OptimizerOptions { LearningRate = 1e-2, WarmupSteps = 5, WeightDecay = 0.01 },
    };

    private float[][] Train(string folder, int? stopsAt, int threads, out IReadOnlyList<TrainingStep> steps)
    {
        using TrainableModel model = TrainableModel.Create(Config, 1);
        using TrainingCompute compute = new(threads);
        using Trainer trainer = new(model, compute, Options(folder, steps: 12) with { EvaluationInterval = 4 });
        using CancellationTokenSource stop = new();
        trainer.Run(
            Batches,
            [SmallTraining.Batch(Config, 1000)],
            new Follower(step =>
            {
                if (step.Last.Step == stopsAt)
                    stop.Cancel();
            }),
            stop.Token);
        steps = trainer.Steps;
        return [.. model.Parameters.Select(parameter => SmallTraining.Elements(parameter.Value))];
    }

    private static TrainingBatch[] Batches(long step) =>
        [SmallTraining.Batch(Config, (int)step), SmallTraining.Batch(Config, (int)step + 100, rows: 11)];

    /// <summary>What is held out, and cancels when it is asked for.</summary>
    private sealed class StopsWhenRead(TrainingBatch batch, CancellationTokenSource stop) : IReadOnlyList<TrainingBatch>
    {
        public int Count => 1;

        public TrainingBatch this[int index] => batch;

        public IEnumerator<TrainingBatch> GetEnumerator()
        {
            stop.Cancel();
            yield return batch;
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Follower(Action<TrainingProgress> follow) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => follow(value);
    }
}
