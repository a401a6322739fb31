using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>A position of a <see cref="SequenceEvaluator"/> that it can come back to.</summary>
public sealed class SequenceSnapshot
{
    internal SequenceSnapshot(int[] tokens, RecurrentSnapshot? state) => (Tokens, State) = (tokens, state);

    /// <summary>How many tokens were computed: the position of the next one.</summary>
    public int Position => Tokens.Length;

    /// <summary>Bytes of the recurrent states that it keeps.</summary>
    public long Bytes => State?.Bytes ?? 0;

    internal int[] Tokens { get; }

    internal RecurrentSnapshot? State { get; }
}
