namespace QwenSharp.Engine;

/// <summary>
/// What one sequence may say. The engine asks before each token and tells which one was chosen, from its own thread, one call at a time;
/// what it throws ends the sequence.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>Says which tokens may come next.</summary>
    /// <param name="allowed">Bit t mod 32 of element t / 32 is set where the token t may come; all bits are written.</param>
    /// <returns>False where any token may come; <paramref name="allowed"/> is not looked at then.</returns>
    bool TryMask(Span<uint> allowed);

    /// <summary>A token was appended.</summary>
    void Accept(int token);

    /// <summary>
    /// Whether the last token is of a form that all of the answer from there on has: its text is part of it, whatever it looks like.
    /// </summary>
    bool IsInForm => false;

    /// <summary>Tokens that must come next, in this order; empty where there is a choice, or none is known. They are appended without
    /// being computed one by one, and told by <see cref="Accept"/>.</summary>
    ReadOnlySpan<int> Forced { get; }
}
