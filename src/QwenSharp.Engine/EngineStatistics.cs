namespace QwenSharp.Engine;

/// <summary>What an engine is doing, and what it has done since it started.</summary>
public readonly record struct EngineStatistics
{
    /// <summary>Sequences that wait for room.</summary>
    public int Waiting { get; init; }

    /// <summary>Sequences that hold KV blocks and are computed.</summary>
    public int Running { get; init; }

    /// <summary>Blocks of the KV cache.</summary>
    public int KvBlocks { get; init; }

    /// <summary>Blocks that no sequence holds.</summary>
    public int FreeKvBlocks { get; init; }

    /// <summary>Those of the free blocks from which a later prompt may go on.</summary>
    public int KeptKvBlocks { get; init; }

    /// <summary>Tokens of prompts that were not computed, as earlier sequences had left them in the prefix cache.</summary>
    public long ReusedTokens { get; init; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens computed in prefill, those computed again after a preemption included.</summary>
    public long PrefillTokens { get; init; }

    /// <summary>Tokens delivered.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Sequences that ended with a stop token or a limit.</summary>
    public long Completed { get; init; }

    /// <summary>Sequences whose consumer cancelled or left.</summary>
    public long Cancelled { get; init; }

    /// <summary>Sequences that ended with an error.</summary>
    public long Failed { get; init; }

    /// <summary>How often a sequence gave its blocks to an older one, to be computed again later.</summary>
    public long Preemptions { get; init; }
}
