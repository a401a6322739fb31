namespace QwenSharp.Training;

/// <summary>
/// What one forward and backward pass reads: rows of packed examples as one long run of tokens, in which no example sees another.
/// All arrays but <see cref="Segments"/> have one element a token.
/// </summary>
public sealed class TrainingBatch
{
    /// <summary>Token ids.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>
    /// The token to predict at each place, that is the next of the same example; -1 where there is none (and the weight is 0).
    /// </summary>
    public required int[] Targets { get; init; }

    /// <summary>How much predicting each target counts in the loss; 0 for what is not to be learnt.</summary>
    public required float[] Weights { get; init; }

    /// <summary>Position in its segment, from 0.</summary>
    public required int[] Positions { get; init; }

    /// <summary>
    /// Where each segment starts, rising from 0, and at the end the number of tokens: [0, 17, 64] is the tokens 0–16 and 17–63.
    /// </summary>
    public required int[] Segments { get; init; }
}
