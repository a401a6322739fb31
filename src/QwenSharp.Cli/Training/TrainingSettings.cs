using QwenSharp.Numerics;
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

    /// <summary>The share of tokens that fall into the two that they were merged of.</summary>
    public double BpeDropout { get; set; }

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

    /// <summary>Updates in which the learning rate rises; null for <see cref="WarmupOf"/> to say.</summary>
    public long? WarmupSteps { get; set; }

    public double Beta1 { get; set; } = 0.9;
    public double Beta2 { get; set; } = 0.95;
    public double Momentum { get; set; } = 0.95;
    public double WeightDecay { get; set; } = 0.1;
    public double MaxGradientNorm { get; set; } = 1;

    /// <summary>What matrix products multiply.</summary>
    public TrainingPrecision Precision { get; set; }

    /// <summary>Whether layers are computed again in the backward pass, to save memory.</summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>Updates between evaluations on the held-out part; 0 for one at the end.</summary>
    public long EvaluationInterval { get; set; }

    /// <summary>Minutes between checkpoints.</summary>
    public double CheckpointMinutes { get; set; } = 5;

    /// <summary>What everything random is drawn from.</summary>
    public ulong Seed { get; set; } = 1;

    /// <summary>The files of <see cref="Data"/> and of <see cref="HeldOutData"/>.</summary>
    public IEnumerable<string> Files() => Data.Concat(HeldOutData);

    /// <summary>Rows of an update: whole ones, never more tokens than were asked for.</summary>
    public int Rows() => Math.Max(1, BatchTokens / SequenceLength);

    /// <summary>Rows of a pass; the last pass of an update may have fewer.</summary>
    public int RowsOfPass() => Math.Clamp(MicroBatchTokens / SequenceLength, 1, Rows());

    /// <summary>Refuses what cannot be honoured, by the names of a configuration file.</summary>
    /// <exception cref="InvalidDataException">The message names the setting.</exception>
    public void Validate()
    {
        Require(Data.Count > 0, "data", "empty; it names the files to learn from");
        Require(!Data.Any(string.IsNullOrEmpty), "data", "a list with a name that is empty or null");
        Require(!HeldOutData.Any(string.IsNullOrEmpty), "held_out_data", "a list with a name that is empty or null");
        Require(SequenceLength >= 2, "sequence_length", $"{SequenceLength}; it must be at least 2");
        Require(BatchTokens >= SequenceLength, "batch_tokens", $"{BatchTokens}; it must be at least sequence_length, {SequenceLength}");
        Require(
            MicroBatchTokens >= SequenceLength,
            "micro_batch_tokens",
            $"{MicroBatchTokens}; it must be at least sequence_length, {SequenceLength}");
        Require(Steps is null or > 0, "steps", $"{Steps}; it must be at least 1");
        Require(Epochs > 0 && double.IsFinite(Epochs), "epochs", $"{Epochs}; it must be above 0");
        Require(HeldOut is >= 0 and < 1, "held_out", $"{HeldOut}; it must be at least 0 and below 1");
        Require(PromptLossWeight is >= 0 and <= 1, "prompt_loss_weight", $"{PromptLossWeight}; it must be 0 to 1");
        Require(BpeDropout is >= 0 and < 1, "bpe_dropout", $"{BpeDropout}; it must be at least 0 and below 1");
        Require(EvaluationInterval >= 0, "evaluation_interval", $"{EvaluationInterval}; it cannot be negative");
        Require(CheckpointMinutes is >= 0 and <= 1e6, "checkpoint_minutes", $"{CheckpointMinutes}; it must be 0 to 1000000");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), "learning_rate", $"{LearningRate}; it must be above 0");
        Require(FinalLearningRateShare is >= 0 and <= 1, "final_learning_rate_share", $"{FinalLearningRateShare}; it must be 0 to 1");
        Require(WarmupSteps is null or >= 0, "warmup_steps", $"{WarmupSteps}; it cannot be negative");
        Require(Beta1 is >= 0 and < 1, "beta1", $"{Beta1}; it must be at least 0 and below 1");
        Require(Beta2 is >= 0 and < 1, "beta2", $"{Beta2}; it must be at least 0 and below 1");
        Require(Momentum is >= 0 and < 1, "momentum", $"{Momentum}; it must be at least 0 and below 1");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), "weight_decay", $"{WeightDecay}; it cannot be negative");
        Require(MaxGradientNorm >= 0, "max_gradient_norm", $"{MaxGradientNorm}; it cannot be negative; 0 is for no limit");
    }

    private static void Require(bool valid, string name, string problem)
    {
        if (!valid)
        {
            throw new InvalidDataException(
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"training.{name} is {problem}"));
        }
    }

    /// <summary>Updates in which the learning rate rises: 20 where nothing is said, and never more than a tenth of the run.</summary>
    /// <param name="steps">Updates of the run.</param>
    public long WarmupOf(long steps) => WarmupSteps ?? Math.Min(20, steps / 10);

    /// <summary>The optimiser of a run of so many updates.</summary>
    public OptimizerOptions ToOptimizer(long steps) => new OptimizerOptions
    {
        Kind = Optimizer,
        LearningRate = LearningRate,
        FinalShare = FinalLearningRateShare,
        Decay = Decay,
        WarmupSteps = WarmupOf(steps),
        Beta1 = Beta1,
        Beta2 = Beta2,
        Momentum = Momentum,
        WeightDecay = WeightDecay,
        MaxGradientNorm = MaxGradientNorm,
    }.Validate();
}
