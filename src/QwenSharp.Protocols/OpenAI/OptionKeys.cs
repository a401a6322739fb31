namespace QwenSharp.Protocols.OpenAI;

/// <summary>The names under which <c>ChatOptions.AdditionalProperties</c> carries what the protocol has and neutral options lack.</summary>
public static class OptionKeys
{
    /// <summary>A <see cref="float"/>: tokens less likely than this share of the likeliest one are dropped.</summary>
    public const string MinP = "min_p";

    /// <summary>A <see cref="float"/>: divides the positive logits of tokens already seen (and multiplies negative ones).</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>An <c>IReadOnlyDictionary&lt;int, float&gt;</c>: what to add to the logits of token ids.</summary>
    public const string LogitBias = "logit_bias";

    /// <summary>A <see cref="bool"/>: whether updates carry the log-probabilities of their tokens.</summary>
    public const string Logprobs = "logprobs";

    /// <summary>An <see cref="int"/>: how many of the likeliest tokens to list at each position.</summary>
    public const string TopLogprobs = "top_logprobs";

    /// <summary>An <c>IReadOnlyDictionary&lt;string, object?&gt;</c> of variables for the model's chat template.</summary>
    public const string ChatTemplateKwargs = "chat_template_kwargs";
}
