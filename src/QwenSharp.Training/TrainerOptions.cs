namespace QwenSharp.Training;

/// <summary>How long and how a model is trained, and where the run is kept.</summary>
public sealed record TrainerOptions
{
    /// <summary>Updates of the weights.</summary>
    public required long Steps { get; init; }

    /// <summary>The optimiser.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>The folder of the run: its checkpoint and its log. Created where it is missing.</summary>
    public required string Folder { get; init; }

    /// <summary>What the run was asked for, setting by setting. A checkpoint of other settings is refused.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Time between two checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Steps between two evaluations on the held-out part; 0 for one at the end alone.</summary>
    public long EvaluationInterval { get; init; }

    /// <summary>Whether layers are computed again in the backward pass, to save memory.</summary>
    public bool Recomputes { get; init; }

    /// <summary>What dropout is drawn from.</summary>
    public ulong Seed { get; init; }
}
