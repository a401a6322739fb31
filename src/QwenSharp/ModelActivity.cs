namespace QwenSharp;

/// <summary>What a model is doing, and what it has done since it was loaded.</summary>
/// <param name="Sequences">Sequences that may be computed at a time.</param>
/// <param name="Running">How many are.</param>
/// <param name="Waiting">How many wait.</param>
public readonly record struct ModelActivity(int Sequences, int Running, int Waiting)
{
    /// <summary>Blocks of the KV cache.</summary>
    public int KvBlocks { get; init; }

    /// <summary>Blocks that no sequence holds.</summary>
    public int FreeKvBlocks { get; init; }

    /// <summary>Those of the free blocks from which a later prompt may go on.</summary>
    public int KeptKvBlocks { get; init; }

    /// <summary>Tokens of prompts that were not computed, as the prefix cache had them.</summary>
    public long ReusedTokens { get; init; }

    /// <summary>Tokens of prompts that were computed, those computed again after a preemption included.</summary>
    public long PrefillTokens { get; init; }

    /// <summary>Tokens delivered.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>How often a sequence gave its blocks to an older one, to be computed again later.</summary>
    public long Preemptions { get; init; }
}
