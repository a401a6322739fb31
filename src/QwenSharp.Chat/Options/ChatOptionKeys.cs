using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// Keys of <see cref="ChatOptions.AdditionalProperties"/>, spelled as the field's wire formats spell them: what chat options ask beyond
/// their own members. <see cref="AdditionalChatOptions"/> reads them. Any other key is refused.
/// </summary>
public static class ChatOptionKeys
{
    /// <summary>A number: tokens less likely than this share of the likeliest one are not drawn.</summary>
    public const string MinP = "min_p";

    /// <summary>A number: logits of tokens already seen are divided (or, below zero, multiplied) by it.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>Token ids with what to add to their logits: an <c>IReadOnlyDictionary&lt;int, float&gt;</c> or a JSON object.</summary>
    public const string LogitBias = "logit_bias";

    /// <summary>
    /// In options a boolean: report the log-probability of each token of the answer, calls included; the reasoning before it has none. In
    /// the <c>AdditionalProperties</c> of an update the <c>IReadOnlyList&lt;TextToken&gt;</c> of those that were generated since the update
    /// before; <see cref="TextToken.Of"/> reads it.
    /// </summary>
    public const string Logprobs = "logprobs";

    /// <summary>A whole number: how many alternatives to report for each token; needs <see cref="Logprobs"/>.</summary>
    public const string TopLogprobs = "top_logprobs";

    /// <summary>A boolean: whether a hybrid model reasons before it answers. <see cref="PromptOptions"/> says what it wins over.</summary>
    public const string EnableThinking = "enable_thinking";

    /// <summary>Further variables of the chat template: a JSON object or a dictionary with string keys.</summary>
    public const string ChatTemplateKwargs = "chat_template_kwargs";

    /// <summary>
    /// A whole number, at least 0: tokens of reasoning at most, after which it is ended in the words that Qwen documents.
    /// </summary>
    public const string ThinkingBudget = "thinking_budget";

    /// <summary>An <see cref="OutputGrammar"/> that the answer is held to, in place of <see cref="ChatOptions.ResponseFormat"/>.</summary>
    public const string Grammar = "grammar";

    /// <summary>
    /// A text: what whoever asks calls the option that says what the answer must be, where that has several names. Faults name it so. It is
    /// never what a client sends.
    /// </summary>
    public const string AnswerOption = "answer_option";

    /// <summary>
    /// An <c>IReadOnlyList&lt;string&gt;</c>: the tools, of those that are offered, that may be called; the others are only shown.
    /// </summary>
    public const string AllowedTools = "allowed_tools";

    /// <summary>A boolean: the last message is the assistant's, and the answer goes on with it instead of beginning a new turn.</summary>
    public const string ContinueFinalMessage = "continue_final_message";

    /// <summary>
    /// In the <c>AdditionalProperties</c> of an answer's first update, never in options: its <see cref="Chat.CachedPrompt"/>.
    /// </summary>
    public const string CachedPrompt = "cached_prompt";

    /// <summary>
    /// No option: in the <c>AdditionalProperties</c> of an answer's last update, which of <see cref="ChatOptions.StopSequences"/> ended it.
    /// </summary>
    public const string StopSequence = "stop_sequence";

    /// <summary>An <c>IReadOnlyList&lt;int&gt;</c>: ids of tokens that end the answer too, beside the model's own.</summary>
    public const string StopTokens = "stop_token_ids";

    /// <summary>A boolean: the model's own tokens that end an answer do not end this one.</summary>
    public const string IgnoreEndOfSequence = "ignore_eos";

    /// <summary>
    /// Whom the answers are for, any object that is compared by its own equality: owners take turns, so that nobody's many requests hold up
    /// another's. It is never what a client sends.
    /// </summary>
    public const string Owner = "owner";

    /// <summary>
    /// A whole number: how early the answers are served. 0 is usual; what is below is of a high class, what is above of a low one.
    /// </summary>
    public const string Priority = "priority";

    internal static IReadOnlyList<string> All { get; } =
        [
            MinP, RepetitionPenalty, LogitBias, Logprobs, TopLogprobs, EnableThinking, ChatTemplateKwargs, ThinkingBudget, Grammar,
            AnswerOption, AllowedTools, ContinueFinalMessage, StopTokens, IgnoreEndOfSequence, Owner, Priority,
        ];
}
