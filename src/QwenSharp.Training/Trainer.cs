using System.Diagnostics;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// Trains a model step by step: gradients of a step's batches → clip → update. A run lives in a folder; killed at any moment and started
/// again with the same settings, it goes on from its last checkpoint and takes the same steps, bit for bit, as one that was never stopped.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly TrainableModel _model;
    private readonly Compute _compute;
    private readonly TrainerOptions _options;
    private readonly List<TrainingStep> _steps = [];
    private readonly Optimizer _optimizer;
    private TrainingWorkspace? _workspace;

    /// <summary>Begins a run, or takes up the one in <see cref="TrainerOptions.Folder"/>.</summary>
    /// <param name="model">The model; a checkpoint in the folder replaces the values of its parameters.</param>
    /// <param name="compute">The kernels.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="InvalidDataException">The folder's checkpoint belongs to a run with other settings, or is damaged.</exception>
    /// <exception cref="IOException">The folder cannot be written, or the checkpoint not be read.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Trainer(TrainableModel model, Compute compute, TrainerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Steps);
        options.Optimizer.Validate();
        if (options.Optimizer.Kind == OptimizerKind.Muon && model.Lora is not null)
            throw new ArgumentException("Muon is for whole matrices; adapters are trained with AdamW.", nameof(options));

        (_model, _compute, _options, _optimizer) = (model, compute, options, new Optimizer(model, compute, options.Optimizer));
        Directory.CreateDirectory(options.Folder);
        if (File.Exists(CheckpointPath))
            _steps = TrainingCheckpoint.Load(CheckpointPath, model.Parameters, options.Settings);

        File.WriteAllLines(LogPath, _steps.Select(TrainingLog.Line));
    }

    /// <summary>The steps so far, those before a resume included.</summary>
    public IReadOnlyList<TrainingStep> Steps => _steps;

    private string CheckpointPath => Path.Combine(_options.Folder, TrainingCheckpoint.FileName);

    private string LogPath => Path.Combine(_options.Folder, TrainingLog.FileName);

    /// <summary>Trains to the end, or until cancelled; either way a checkpoint is left of the last step.</summary>
    /// <param name="batchesOf">The batches of a step, from 1 on: always the same for the same step.</param>
    /// <param name="heldOut">What the model is evaluated on; may be empty.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancellationToken">Ends the run behind the current step.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled; it can be resumed.</exception>
    /// <exception cref="InvalidOperationException">The loss is no longer a number; the last checkpoint is from before.</exception>
    public void Run(
        Func<long, IReadOnlyList<TrainingBatch>> batchesOf,
        IReadOnlyList<TrainingBatch> heldOut,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using StreamWriter log = new(LogPath, append: true) { AutoFlush = true };
        long start = Stopwatch.GetTimestamp(), saved = start, tokensBefore = TokensSoFar, stepsBefore = _steps.Count;
        while (_steps.Count < _options.Steps)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                Save();
                throw new OperationCanceledException(cancellationToken);
            }

            TrainingStep step = Take(_steps.Count + 1, batchesOf(_steps.Count + 1));
            bool isLast = step.Step == _options.Steps;
            if (heldOut.Count > 0 && (isLast || (_options.EvaluationInterval > 0 && step.Step % _options.EvaluationInterval == 0)))
                step = step with { HeldOutLoss = Evaluate(heldOut) };

            _steps.Add(step);
            log.WriteLine(TrainingLog.Line(step));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            progress?.Report(new TrainingProgress(
                step, _options.Steps, (step.Tokens - tokensBefore) / seconds,
                TimeSpan.FromSeconds(seconds / (_steps.Count - stepsBefore) * (_options.Steps - _steps.Count))));
            if (isLast || Stopwatch.GetElapsedTime(saved) >= _options.CheckpointInterval)
            {
                Save();
                saved = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Mean cross-entropy over batches, nats a token that counts; NaN where none does.</summary>
    public double Evaluate(IReadOnlyList<TrainingBatch> batches)
    {
        double loss = 0, weights = 0;
        foreach (TrainingBatch batch in batches)
        {
            loss += _model.Loss(_compute, batch, WorkspaceFor(batch));
            weights += SumOfWeights(batch);
        }

        return loss / weights;
    }

    /// <summary>Writes a checkpoint of the last step.</summary>
    /// <exception cref="IOException">The disk is full, or the file cannot be written; the checkpoint before is still there.</exception>
    public void Save() => TrainingCheckpoint.Save(CheckpointPath, _model.Parameters, _steps, _options.Settings);

    /// <inheritdoc/>
    public void Dispose()
    {
        _workspace?.Dispose();
        _optimizer.Dispose();
    }

    private long TokensSoFar => _steps.Count == 0 ? 0 : _steps[^1].Tokens;

    private TrainingStep Take(long number, IReadOnlyList<TrainingBatch> batches)
    {
        _optimizer.ClearGradients();
        double loss = 0, weights = batches.Sum(SumOfWeights);
        long tokens = TokensSoFar;
        for (int i = 0; i < batches.Count; i++)
        {
            ulong dropoutSeed = NormalDraws.Mix(_options.Seed + (ulong)number * 0x9E3779B97F4A7C15 + (ulong)i);
            loss += _model.AddGradients(_compute, batches[i], WorkspaceFor(batches[i]), (float)(1 / Math.Max(weights, double.Epsilon)), dropoutSeed);
            tokens += CountTokens(batches[i]);
        }

        loss = weights > 0 ? loss / weights : 0;
        double norm = _optimizer.GradientNorm();
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new InvalidOperationException($"Step {number}: the loss is {loss} and the gradient's length {norm}. A lower learning rate or a longer warm-up keeps them finite; the last checkpoint is from before.");

        double rate = _options.Optimizer.RateAt(number, _options.Steps);
        _optimizer.Update(number, rate, norm);
        return new TrainingStep(number, loss, rate, norm, tokens);
    }

    private TrainingWorkspace WorkspaceFor(TrainingBatch batch)
    {
        if (_workspace is null || _workspace.Rows < batch.Tokens.Length)
        {
            _workspace?.Dispose();
            _workspace = new TrainingWorkspace(_model, batch.Tokens.Length, _options.Recomputes);
        }

        return _workspace;
    }

    private static double SumOfWeights(TrainingBatch batch)
    {
        double sum = 0;
        foreach (float weight in batch.Weights)
            sum += weight;

        return sum;
    }

    // A token counts as read when it is in a text that something is learnt from; a row's padding is a segment without weights.
    private static long CountTokens(TrainingBatch batch)
    {
        long count = 0;
        for (int i = 0; i + 1 < batch.Segments.Length; i++)
        {
            Range segment = batch.Segments[i]..batch.Segments[i + 1];
            if (batch.Weights.AsSpan(segment).ContainsAnyExcept(0f))
                count += batch.Segments[i + 1] - batch.Segments[i];
        }

        return count;
    }
}
