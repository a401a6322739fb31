namespace QwenSharp;

/// <summary>
/// Keys of <c>ChatOptions.AdditionalProperties</c> that <see cref="QwenChatClient"/> honours, spelled as the field's wire
/// formats spell them, and of the <c>AdditionalProperties</c> of its updates. Any other key of the options is refused.
/// </summary>
public static class QwenChatOptionNames
{
    /// <summary>A number: tokens less likely than this share of the likeliest one are not drawn.</summary>
    public const string MinP = "min_p";

    /// <summary>A number: logits of tokens already seen are divided (or, below zero, multiplied) by it.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>Token ids with what to add to their logits: an <c>IReadOnlyDictionary&lt;int, float&gt;</c> or a JSON object.</summary>
    public const string LogitBias = "logit_bias";

    /// <summary>
    /// In options a boolean: report the log-probability of each token. In an update the
    /// <c>IReadOnlyList&lt;TextToken&gt;</c> of the tokens that were generated since the update before.
    /// </summary>
    public const string Logprobs = "logprobs";

    /// <summary>A whole number: how many alternatives to report for each token; needs <see cref="Logprobs"/>.</summary>
    public const string TopLogprobs = "top_logprobs";

    /// <summary>A boolean: whether a hybrid model reasons before it answers.</summary>
    public const string EnableThinking = "enable_thinking";

    /// <summary>Further variables of the chat template: a JSON object or a dictionary with string keys.</summary>
    public const string ChatTemplateKwargs = "chat_template_kwargs";
}
