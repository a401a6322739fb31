using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// Keys of <see cref="AIContent.AdditionalProperties"/>, of a tool's and of an update's: what conversations say on their wires beyond the
/// members of the neutral types.
/// </summary>
public static class ContentKeys
{
    /// <summary>
    /// On a content or a tool, a text: everything up to here is to be kept for later prompts, so long: <c>5m</c>, <c>1h</c>, or empty where
    /// that is left open.
    /// </summary>
    public const string CacheControl = "cache_control";

    /// <summary>
    /// On a <see cref="TextReasoningContent"/>, a text: who made its <see cref="TextReasoningContent.ProtectedData"/>. Nobody else may
    /// be sent it.
    /// </summary>
    public const string Origin = "origin";

    /// <summary>
    /// On a <see cref="TextReasoningContent"/>, a text: what its origin calls the kind of its protected data, where it has several.
    /// </summary>
    public const string ProtectedForm = "protected_form";

    /// <summary>On a <see cref="TextContent"/>, true: it says why there is no answer.</summary>
    public const string Refusal = "refusal";

    /// <summary>
    /// On a <see cref="TextContent"/>, a text: whether it is a <c>commentary</c> on the way or the <c>final_answer</c>. It goes back as it
    /// came.
    /// </summary>
    public const string Phase = "phase";

    /// <summary>On an image, a text: how closely it is looked at: <c>low</c>, <c>high</c>, <c>auto</c>, <c>original</c>.</summary>
    public const string Detail = "detail";

    /// <summary>On a document, a text: its title.</summary>
    public const string Title = "title";

    /// <summary>On a document, a text: what is told of it beside its content.</summary>
    public const string Context = "context";

    /// <summary>On a document, true: the answer is to say what it takes from it.</summary>
    public const string Citations = "citations";

    /// <summary>On a tool, a boolean: whether arguments must follow its schema to the letter.</summary>
    public const string Strict = "strict";

    /// <summary>On a <see cref="FunctionCallContent"/> whose arguments are no JSON object, their text.</summary>
    public const string RawArguments = "raw_arguments";

    /// <summary>On an answer's last update, a text: of what kind a refused request is, in the provider's words.</summary>
    public const string RefusalCategory = "refusal_category";

    /// <summary>On an answer's last update, a number: what the provider says that it costs, in US dollars.</summary>
    public const string Cost = "cost";
}
