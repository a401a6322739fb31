using System.Diagnostics;
using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>
/// Trains a model step by step: gradients of a step's batches → clip → update. A run lives in a folder; killed at any moment and started
/// again with the same settings, it goes on from its last checkpoint and takes the same steps, bit for bit, as one that was never stopped.
/// </summary>
public sealed class Trainer : IDisposable
{
    /// <summary>The checkpoint's name in the folder of a run.</summary>
    public const string CheckpointName = TrainingCheckpoint.FileName;

    /// <summary>The log's name in the folder of a run: a line a step.</summary>
    public const string LogName = TrainingLog.FileName;

    private readonly TrainableModel _model;
    private readonly TrainingCompute _compute;
    private readonly TrainerOptions _options;
    private readonly List<TrainingStep> _steps = [];
    private readonly Optimizer _optimizer;
    private readonly FileStream _lock;
    private TrainingWorkspace? _workspace;

    /// <summary>Begins a run, or takes up the one in <see cref="TrainerOptions.Folder"/>.</summary>
    /// <param name="model">The model; a checkpoint in the folder replaces the values of its parameters.</param>
    /// <param name="compute">The kernels.</param>
    /// <param name="options">How to train.</param>
    /// <exception cref="InvalidDataException">The folder's checkpoint belongs to a run with other settings, or is damaged.</exception>
    /// <exception cref="IOException">The folder cannot be written, another run is at work in it, or the checkpoint cannot be
    /// read.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Trainer(TrainableModel model, TrainingCompute compute, TrainerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Steps);
        options.Optimizer.Validate();
        if (options.Optimizer.Kind == OptimizerKind.Muon && model.Lora is not null)
            throw new ArgumentException("Muon is for whole matrices; adapters are trained with AdamW.", nameof(options));

        (_model, _compute, _options, _optimizer) = (model, compute, options, new Optimizer(model, compute, options.Optimizer));
        Directory.CreateDirectory(options.Folder);
        _lock = Lock(options.Folder);
        try
        {
            TrainingCheckpoint.RemoveUnfinished(options.Folder);
            if (File.Exists(CheckpointPath))
                _steps = TrainingCheckpoint.Load(CheckpointPath, model.Parameters, options.Settings);

            File.WriteAllLines(LogPath, _steps.Select(TrainingLog.Line));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The settings that the run in a folder was begun with; null where there is no checkpoint.</summary>
    /// <param name="folder">The folder of the run.</param>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    /// <exception cref="IOException">The checkpoint cannot be read.</exception>
    public static IReadOnlyDictionary<string, string>? SettingsOf(string folder)
    {
        string path = Path.Combine(folder, CheckpointName);
        return File.Exists(path) ? TrainingCheckpoint.SettingsOf(path) : null;
    }

    /// <summary>The steps so far, those before a resume included.</summary>
    public IReadOnlyList<TrainingStep> Steps => _steps;

    private string CheckpointPath => Path.Combine(_options.Folder, TrainingCheckpoint.FileName);

    private string LogPath => Path.Combine(_options.Folder, TrainingLog.FileName);

    /// <summary>Trains to the end, or until cancelled; either way a checkpoint is left of the last step.</summary>
    /// <param name="batchesOf">The batches of a step, from 1 on: always the same for the same step.</param>
    /// <param name="heldOut">What the model is evaluated on; may be empty.</param>
    /// <param name="progress">Told of each step.</param>
    /// <param name="cancellationToken">Ends the run behind the current batch.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled; it can be resumed.</exception>
    /// <exception cref="InvalidOperationException">The loss or a weight is no longer a number; a checkpoint that there may be is from
    /// before.</exception>
    public void Run(
        Func<long, IReadOnlyList<TrainingBatch>> batchesOf,
        IReadOnlyList<TrainingBatch> heldOut,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (_steps.Count > 0 && LacksEvaluation(_steps[^1], heldOut))
        {
            _steps[^1] = _steps[^1] with { HeldOutLoss = Evaluate(heldOut, cancellationToken) };
            File.WriteAllLines(LogPath, _steps.Select(TrainingLog.Line));
        }

        using StreamWriter log = new(LogPath, append: true) { AutoFlush = true };
        long start = Stopwatch.GetTimestamp(), saved = start, tokensBefore = TokensSoFar, stepsBefore = _steps.Count;
        while (_steps.Count < _options.Steps)
        {
            TrainingStep step;
            try
            {
                step = Take(_steps.Count + 1, batchesOf(_steps.Count + 1), cancellationToken);
                _steps.Add(step);

                // Stopped in here, the step counts, and a resumed run makes up for its evaluation.
                if (LacksEvaluation(step, heldOut))
                    _steps[^1] = step = step with { HeldOutLoss = Evaluate(heldOut, cancellationToken) };
            }
            catch (OperationCanceledException)
            {
                if (_steps.Count > 0)
                    Save();

                throw;
            }

            log.WriteLine(TrainingLog.Line(step));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            progress?.Report(new TrainingProgress(
                step, _options.Steps, (step.Tokens - tokensBefore) / seconds,
                TimeSpan.FromSeconds(Math.Min(LongestTime, seconds / (_steps.Count - stepsBefore) * (_options.Steps - _steps.Count)))));
            if (step.Step == _options.Steps || Stopwatch.GetElapsedTime(saved) >= _options.CheckpointInterval)
            {
                Save();
                saved = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Mean cross-entropy over batches, nats a token that counts; NaN where none does.</summary>
    /// <param name="batches">What to evaluate on.</param>
    /// <param name="cancellationToken">Ends the work behind the current batch.</param>
    public double Evaluate(IReadOnlyList<TrainingBatch> batches, CancellationToken cancellationToken = default)
    {
        double loss = 0, weights = 0;
        foreach (TrainingBatch batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            loss += _model.Loss(_compute, batch, WorkspaceFor(batch));
            weights += SumOfWeights(batch);
        }

        return loss / weights;
    }

    /// <summary>Writes a checkpoint of the last step.</summary>
    /// <exception cref="IOException">The disk is full, or the file cannot be written; the checkpoint before is still there.</exception>
    /// <exception cref="InvalidOperationException">A weight is no longer a number; the checkpoint before is still there.</exception>
    public void Save()
    {
        if (_model.Parameters.FirstOrDefault(parameter => !double.IsFinite(_compute.SumOfSquares(parameter.Value))) is { } broken)
        {
            throw new InvalidOperationException(
                $"Step {_steps.Count}: the weights of '{broken.Name}' have grown beyond all bounds. {Diverged}");
        }

        TrainingCheckpoint.Save(CheckpointPath, _model.Parameters, _steps, _options.Settings);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _workspace?.Dispose();
        _optimizer.Dispose();
        _lock.Dispose();
    }

    // A hundred years in seconds: no more can be told of a run that does not end.
    private const double LongestTime = 100 * 365.25 * 24 * 3600;

    private const string Diverged = "Begin anew with a lower learning rate or a longer warm-up.";

    private long TokensSoFar => _steps.Count == 0 ? 0 : _steps[^1].Tokens;

    // Two runs in one folder would overwrite each other's checkpoints. The lock ends with the process, however that ends.
    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, "running");
        try
        {
            return new FileStream(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose);
        }
        catch (IOException fault) when (File.Exists(path))
        {
            throw new IOException($"Another run is at work in {folder}; wait for its end, or name another folder.", fault);
        }
    }

    private bool LacksEvaluation(TrainingStep step, IReadOnlyList<TrainingBatch> heldOut) =>
        heldOut.Count > 0
        && step.HeldOutLoss is null
        && (step.Step == _options.Steps || (_options.EvaluationInterval > 0 && step.Step % _options.EvaluationInterval == 0));

    private TrainingStep Take(long number, IReadOnlyList<TrainingBatch> batches, CancellationToken cancellationToken)
    {
        _optimizer.ClearGradients();
        double loss = 0, weights = batches.Sum(SumOfWeights);
        long tokens = TokensSoFar;
        for (int i = 0; i < batches.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ulong dropoutSeed = StableHash.Mix(_options.Seed + (ulong)number * 0x9E3779B97F4A7C15 + (ulong)i);
            loss += _model.AddGradients(
                _compute,
                batches[i],
                WorkspaceFor(batches[i]),
                (float)(1 / Math.Max(weights, double.Epsilon)),
                dropoutSeed);
            tokens += CountTokens(batches[i]);
        }

        loss = weights > 0 ? loss / weights : 0;
        double norm = _optimizer.GradientNorm();
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new InvalidOperationException($"Step {number}: the loss is {loss} and the gradient's length {norm}. {Diverged}");

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
