namespace QwenSharp.Protocols.Requests;

/// <summary>What is to be continued: text, in which control tokens are parsed as such, or the token ids themselves.</summary>
public sealed record CompletionPrompt
{
    /// <summary>The text, or null where <see cref="Tokens"/> are given.</summary>
    public string? Text { get; init; }

    /// <summary>
    /// Where <see cref="Suffix"/> is given, what goes before the file that is filled in, such as others of its repository; null for
    /// nothing.
    /// </summary>
    public string? Preamble { get; init; }

    /// <summary>What stands behind the answer: it goes between <see cref="Text"/> and this; null where nothing does.</summary>
    public string? Suffix { get; init; }

    /// <summary>The token ids, or null where <see cref="Text"/> is given.</summary>
    public IReadOnlyList<int>? Tokens { get; init; }
}
