namespace QwenSharp;

/// <summary>What a model is doing.</summary>
/// <param name="Sequences">Sequences that may be computed at a time.</param>
/// <param name="Running">How many are.</param>
/// <param name="Waiting">How many wait.</param>
public readonly record struct ModelActivity(int Sequences, int Running, int Waiting);
