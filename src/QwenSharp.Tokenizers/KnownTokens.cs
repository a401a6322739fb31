namespace QwenSharp.Tokenizers;

/// <summary>
/// What a token of a Qwen vocabulary is by its spelling, whatever a file says of it: files of either format now and then have it wrong, and
/// then a model runs on over the end of its turn, or hides its own reasoning.
/// </summary>
internal static class KnownTokens
{
    /// <summary>The tags that a model writes around its reasoning and its calls; they are part of its text.</summary>
    private static readonly HashSet<string> Tags =
        ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"];

    /// <summary>Whether the token is a tag in the text of a model.</summary>
    public static bool IsTag(string token) => Tags.Contains(token);

    /// <summary>
    /// Whether the token looks like <c>&lt;|im_end|&gt;</c>. No merge leads to such a spelling, as no Qwen model's pattern keeps letters in
    /// one piece with symbols on both sides of them.
    /// </summary>
    public static bool LooksLikeControl(ReadOnlySpan<char> token) =>
        token is ['<', '|', .. var inner, '|', '>'] && (inner.ContainsAnyInRange('a', 'z') || inner.ContainsAnyInRange('A', 'Z'));

    /// <summary>Whether the token steers the model.</summary>
    /// <param name="token">Its spelling.</param>
    /// <param name="said">What the file says.</param>
    public static bool IsControl(string token, bool said) => LooksLikeControl(token) || (said && !IsTag(token));
}
