namespace QwenSharp.Grammars;

/// <summary>
/// A schema, a pattern or a grammar that is malformed or cannot be enforced exactly. <see cref="Keyword"/> says what it is about, and
/// <see cref="Pointer"/> where it stands.
/// </summary>
public sealed class GrammarException : NotSupportedException
{
    /// <summary>An exception for a keyword.</summary>
    /// <param name="keyword">The keyword of the schema, or the construct of the grammar.</param>
    /// <param name="pointer">Where it stands: a JSON pointer into the schema, or a place in the text; empty where there is none.</param>
    /// <param name="reason">Why, as the end of a sentence that begins with the keyword.</param>
    public GrammarException(string keyword, string pointer, string reason)
        : base(pointer is { Length: > 0 } ? $"{keyword} at {pointer}: {reason}" : $"{keyword}: {reason}")
    {
        Keyword = keyword;
        Pointer = pointer ?? "";
        Reason = reason;
    }

    /// <summary>What cannot be enforced.</summary>
    public string Keyword { get; }

    /// <summary>Where it stands.</summary>
    public string Pointer { get; }

    /// <summary>Why.</summary>
    public string Reason { get; }
}
