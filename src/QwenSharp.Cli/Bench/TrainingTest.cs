using System.Diagnostics;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Inspect;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Training;

namespace QwenSharp.Cli.Bench;

/// <summary>How much to measure.</summary>
/// <param name="SequenceLength">Tokens of a step: one text.</param>
/// <param name="Rank">The rank of adapters.</param>
/// <param name="Steps">Measured steps.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Precision">What matrix products multiply.</param>
internal sealed record TrainingTestOptions(int SequenceLength, int Rank, int Steps, int Threads, TrainingPrecision Precision);

/// <summary>
/// Times whole steps of training: forward, backward and update, on one text of random tokens that all count. One shorter step before warms
/// up code and memory.
/// </summary>
internal sealed class TrainingTest
{
    // Most of the code has run once after so many tokens.
    private const int WarmUpTokens = 64;

    private readonly TrainedBase _base;
    private readonly TrainingTestOptions _options;
    private readonly TrainingCost _cost;

    public TrainingTest(TrainedBase trained, TrainingTestOptions options)
    {
        (_base, _options) = (trained, options);
        LoraOptions? lora = trained.Method == TrainedBase.Full ? null : new LoraOptions { Rank = options.Rank, Alpha = 2 * options.Rank };

        // Adapters are for little memory; where all weights are trained, these are most of it, and layers are computed again only where the
        // rest does not fit.
        TrainingCost kept = new(trained.Config, lora, Recomputes: false, options.SequenceLength);
        _cost = kept with { Recomputes = lora is not null || Total(kept) > MachineMemory };
    }

    private static long MachineMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>What is known without training a step.</summary>
    public TrainingReport Predict() => new()
    {
        Model = _base.Name,
        Method = _base.Method,
        Type = _base.Type,
        Parameters = _base.Parameters,
        TrainedParameters = _cost.TrainedElements,
        WeightBytes = _base.WeightBytes,
        SequenceLength = _options.SequenceLength,
        Rank = _cost.Lora?.Rank,
        Recomputes = _cost.Recomputes,
        Threads = _options.Threads,
        Isa = InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable)).ToString(),
        Cpu = Machine.ProcessorName(),
        Precision = _options.Precision.ToString(),
        OperationsPerToken = _cost.OperationsPerToken(_options.SequenceLength),
        RepeatedOperationsPerToken = _cost.RepeatedOperationsPerToken(_options.SequenceLength),
        PredictedMemoryBytes = Total(_cost),
        MachineMemoryBytes = MachineMemory,
    };

    /// <summary>Measures each step.</summary>
    /// <exception cref="InvalidOperationException">The machine has less memory than it takes.</exception>
    public TrainingReport Measure(CancellationToken stop)
    {
        TrainingReport report = Predict();
        if (!report.Fits)
        {
            throw new InvalidOperationException(
                $"{report.Text()} of {report.Model} takes {Output.Bytes(report.PredictedMemoryBytes)}; this machine has "
                    + $"{Output.Bytes(report.MachineMemoryBytes)}. A shorter --sequence-length "
                    + $"{(_cost.Lora is null ? "or adapters take" : "takes")} less."
            );
        }

        using TrainableModel model = _base.Open(_cost.Lora);
        using TrainingWorkspace workspace = new(model, _options.SequenceLength, _cost.Recomputes);
        using TrainingCompute compute = new(_options.Threads, precision: _options.Precision);
        using Optimizer optimizer = new(model, compute, new OptimizerOptions());
        List<TrainingSpeed> speeds = [];
        Step(0, Math.Min(WarmUpTokens, _options.SequenceLength));
        double before = Peak();
        for (int step = 1; step <= _options.Steps; step++)
        {
            stop.ThrowIfCancellationRequested();
            TimeSpan busy = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            Step(step, _options.SequenceLength);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
                processors = (Environment.CpuUsage.TotalTime - busy).TotalSeconds / seconds;
            double after = Peak();
            speeds.Add(new TrainingSpeed(_options.SequenceLength / seconds, processors, (before + after) / 2));
            before = after;
        }

        return report with { Runs = speeds, PeakMemoryBytes = Machine.PeakMemory() };

        double Peak() => FloatPeak.Measure(_options.Threads, precision: _options.Precision);

        void Step(int number, int length)
        {
            optimizer.ClearGradients();
            model.AddGradients(compute, RandomText(length, number), workspace, scale: 1f / length, dropoutSeed: 0);
            optimizer.Update(number + 1, rate: 1e-5, optimizer.GradientNorm());
        }
    }

    private long Total(TrainingCost cost) => cost.Bytes + _base.WeightBytes + MemoryNeed.RuntimeBytes;

    private TrainingBatch RandomText(int length, int seed)
    {
        Random random = new(seed);
        int[] tokens = [.. Enumerable.Range(0, length + 1).Select(_ => random.Next(_base.Config.VocabularySize))];
        return new TrainingBatch
        {
            Tokens = tokens[..length],
            Targets = tokens[1..],
            Weights = [.. Enumerable.Repeat(1f, length)],
            Positions = [.. Enumerable.Range(0, length)],
            Segments = [0, length],
        };
    }
}
