namespace QwenSharp.Tokenizers;

/// <summary>Which added tokens are recognised in a text; the others are text like any other.</summary>
public enum TokenParsing
{
    /// <summary>None: every character is plain text.</summary>
    None,

    /// <summary>Those that are not control tokens, such as <c>&lt;think&gt;</c>: right for text that comes from outside.</summary>
    Added,

    /// <summary>All, control tokens too: only for text that the program wrote itself.</summary>
    All,
}
