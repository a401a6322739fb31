namespace QwenSharp.Engine;

/// <summary>How much of a prompt earlier ones had left in the prefix cache, and where it parts from the one that is most like it.</summary>
/// <param name="Tokens">Tokens of the prompt that were not computed again.</param>
/// <param name="Parts">The first token that the most similar prompt, or its answer, has otherwise; null where this one goes on from all of
/// it, or none is like it.</param>
/// <param name="Loss">Why less is used than both have in common; <see cref="ReuseLoss.None"/> where all is.</param>
public sealed record PromptReuse(int Tokens, int? Parts, ReuseLoss Loss);

/// <summary>Why a prompt does not go on from all that it has in common with an earlier one.</summary>
public enum ReuseLoss
{
    /// <summary>It does.</summary>
    None,

    /// <summary>The blocks were needed for something else.</summary>
    Evicted,

    /// <summary>No recurrent state was kept closer to where they part.</summary>
    NoState,
}
