using QwenSharp.Training;

namespace QwenSharp.Cli.Training;

/// <summary>What is learnt from, how long and how fast: the part that <c>train</c> and <c>finetune</c> share.</summary>
internal sealed record TrainingSettings
{
    /// <summary>Files of conversations or texts.</summary>
    public required IReadOnlyList<string> Data { get; set; }

    /// <summary>The share of examples that is held out for evaluation.</summary>
    public double HeldOut { get; set; } = 0.02;

    /// <summary>Files that are held out as a whole, in place of a share.</summary>
    public IReadOnlyList<string> HeldOutData { get; set; } = [];

    /// <summary>Whether bad lines are left out and reported, or end the run.</summary>
    public bool SkipBadLines { get; set; }

    /// <summary>How much a prompt's tokens count; an answer's count 1.</summary>
    public float PromptLossWeight { get; set; }

    /// <summary>Tokens of a packed row: the longest example.</summary>
    public int SequenceLength { get; set; } = 1024;

    /// <summary>Tokens of an update.</summary>
    public int BatchTokens { get; set; } = 8192;

    /// <summary>Tokens of a forward and backward pass; an update adds up several.</summary>
    public int MicroBatchTokens { get; set; } = 4096;

    /// <summary>Passes over the data; <see cref="Steps"/> counts where it is given.</summary>
    public double Epochs { get; set; } = 1;

    /// <summary>Updates; null for as many as <see cref="Epochs"/> need.</summary>
    public long? Steps { get; set; }

    public OptimizerKind Optimizer { get; set; } = OptimizerKind.AdamW;
    public double LearningRate { get; set; } = 2e-4;
    public double FinalLearningRateShare { get; set; } = 0.1;
    public LearningRateDecay Decay { get; set; } = LearningRateDecay.Cosine;
    public long WarmupSteps { get; set; } = 20;
    public double Beta1 { get; set; } = 0.9;
    public double Beta2 { get; set; } = 0.95;
    public double Momentum { get; set; } = 0.95;
    public double WeightDecay { get; set; } = 0.1;
    public double MaxGradientNorm { get; set; } = 1;

    /// <summary>Whether layers are computed again in the backward pass, to save memory.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>Updates between evaluations on the held-out part; 0 for one at the end.</summary>
    public long EvaluationInterval { get; set; }

    /// <summary>Minutes between checkpoints.</summary>
    public double CheckpointMinutes { get; set; } = 5;

    /// <summary>What everything random is drawn from.</summary>
    public ulong Seed { get; set; } = 1;

    public OptimizerOptions ToOptimizer() => new OptimizerOptions
    {
        Kind = Optimizer,
        LearningRate = LearningRate,
        FinalShare = FinalLearningRateShare,
        Decay = Decay,
        WarmupSteps = WarmupSteps,
        Beta1 = Beta1,
        Beta2 = Beta2,
        Momentum = Momentum,
        WeightDecay = WeightDecay,
        MaxGradientNorm = MaxGradientNorm,
    }.Validate();
}
