namespace QwenSharp.Training;

/// <summary>What one step of a run was like.</summary>
/// <param name="Step">Its number, from 1 on.</param>
/// <param name="Loss">Cross-entropy of the step's batch ahead of the update, nats a token that counts.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="GradientNorm">The length of the gradient before it was clipped.</param>
/// <param name="Tokens">Tokens of all steps so far, padding not counted.</param>
/// <param name="HeldOutLoss">Cross-entropy on the held-out part behind the update; null where it was not measured.</param>
public sealed record TrainingStep(
    long Step,
    double Loss,
    double LearningRate,
    double GradientNorm,
    long Tokens,
    double? HeldOutLoss = null);

/// <summary>How a run goes.</summary>
/// <param name="Last">The step that was just done.</param>
/// <param name="Steps">How many there will be.</param>
/// <param name="TokensPerSecond">Tokens a second since the run was begun or resumed.</param>
/// <param name="TimeLeft">What is left at this speed.</param>
public sealed record TrainingProgress(TrainingStep Last, long Steps, double TokensPerSecond, TimeSpan TimeLeft);
