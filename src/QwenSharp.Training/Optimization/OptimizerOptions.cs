namespace QwenSharp.Training;

/// <summary>How the learning rate goes on after its warm-up.</summary>
public enum LearningRateDecay
{
    /// <summary>It stays.</summary>
    Constant,
    /// <summary>It falls in a straight line.</summary>
    Linear,
    /// <summary>It falls along half a cosine (Loshchilov and Hutter, 2017).</summary>
    Cosine,
}

/// <summary>How gradients become updates.</summary>
public enum OptimizerKind
{
    /// <summary>AdamW (Loshchilov and Hutter, 2019).</summary>
    AdamW,
    /// <summary>Muon for the matrices of layers, AdamW for embeddings, norms and biases.</summary>
    Muon,
}

/// <summary>The optimiser, with decoupled weight decay, and its learning rate over time.</summary>
public sealed record OptimizerOptions
{
    /// <summary>How gradients become updates.</summary>
    public OptimizerKind Kind { get; init; }

    /// <summary>Muon's decay of the running mean of gradients.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>The highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>What the learning rate falls to, as a share of <see cref="LearningRate"/>.</summary>
    public double FinalShare { get; init; } = 0.1;

    /// <summary>Steps in which it rises from zero.</summary>
    public long WarmupSteps { get; init; } = 100;

    /// <summary>How it goes on.</summary>
    public LearningRateDecay Decay { get; init; } = LearningRateDecay.Cosine;

    /// <summary>Decay of the running mean of gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the running mean of squared gradients.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the squared gradients.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>What matrices lose each step, as a share of the learning rate. Norms and biases lose nothing.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>A gradient longer than this is shortened to it; 0 for no limit.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">The step, from 1 on.</param>
    /// <param name="steps">How many there will be.</param>
    public double RateAt(long step, long steps)
    {
        if (step <= WarmupSteps)
            return LearningRate * step / WarmupSteps;

        double done = Math.Clamp((double)(step - WarmupSteps) / Math.Max(1, steps - WarmupSteps), 0, 1);
        double left = Decay switch
        {
            LearningRateDecay.Constant => 1,
            LearningRateDecay.Linear => 1 - done,
            _ => (1 + Math.Cos(Math.PI * done)) / 2,
        };
        return LearningRate * (FinalShare + (1 - FinalShare) * left);
    }

    /// <summary>Refuses what cannot be honoured.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the parameter's name says which.</exception>
    public OptimizerOptions Validate()
    {
        Require(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), $"{LearningRate}; it must be above 0");
        Require(FinalShare is >= 0 and <= 1, nameof(FinalShare), $"{FinalShare}; it must be 0 to 1");
        Require(WarmupSteps >= 0, nameof(WarmupSteps), $"{WarmupSteps}; it cannot be negative");
        Require(Beta1 is >= 0 and < 1, nameof(Beta1), $"{Beta1}; it must be at least 0 and below 1");
        Require(Beta2 is >= 0 and < 1, nameof(Beta2), $"{Beta2}; it must be at least 0 and below 1");
        Require(Momentum is >= 0 and < 1, nameof(Momentum), $"{Momentum}; it must be at least 0 and below 1");
        Require(Epsilon > 0, nameof(Epsilon), $"{Epsilon}; it must be above 0");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), $"{WeightDecay}; it cannot be negative");
        Require(MaxGradientNorm >= 0, nameof(MaxGradientNorm), $"{MaxGradientNorm}; it cannot be negative");
        return this;
    }

    private static void Require(bool valid, string name, string problem)
    {
        if (!valid)
            throw new ArgumentException($"{name} is {problem}.", name);
    }
}
