namespace QwenSharp.Engine;

/// <summary>What is kept of the beginning of a prompt. One object serves many look-ups.</summary>
internal sealed class PrefixMatch
{
    /// <summary>The blocks, the last of which need not be used in full.</summary>
    public List<int> Blocks { get; } = [];

    /// <summary>The last block that is used in full, or the root.</summary>
    public PrefixNode Tail { get; set; } = null!;

    /// <summary>Positions that need not be computed.</summary>
    public int Length { get; set; }

    /// <summary>The recurrent state behind them, where the model has such.</summary>
    public KeptState? State { get; set; }

    /// <summary>Positions whose keys and values are there, though no recurrent state need be.</summary>
    public int Attended { get; set; }
}
