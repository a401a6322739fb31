namespace QwenSharp.Chat;

/// <summary>What a template may use besides the conversation.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>
    /// Names of the tokenizer's special tokens, such as <c>bos_token</c>, with their text. They count as the template's own.
    /// </summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>The clock behind <c>strftime_now</c>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What one rendering may use.</summary>
    public TemplateLimits Limits { get; init; } = new();
}
