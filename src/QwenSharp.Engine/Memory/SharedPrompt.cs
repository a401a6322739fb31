namespace QwenSharp.Engine;

/// <summary>
/// The prompt of a request with several choices. The choice that begins first computes it, all but the last token; the others go on from
/// there, each with a row of its own for that token, and so with logits of its own.
/// </summary>
internal sealed class SharedPrompt(int tokens, int choices)
{
    /// <summary>Positions that are computed once.</summary>
    public int Length => tokens - 1;

    /// <summary>Choices that have neither begun nor ended.</summary>
    public int Waiting { get; set; } = choices;

    /// <summary>The choice that computes the prompt at the moment.</summary>
    public Sequence? Leader { get; set; }

    /// <summary>The computed prompt, as long as choices wait for it and there is room.</summary>
    public MemorySnapshot? Memory { get; set; }
}
