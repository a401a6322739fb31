using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// Further keys of <see cref="ChatOptions.AdditionalProperties"/>, for models that are elsewhere: a model of this machine refuses them.
/// </summary>
public static class RemoteOptionKeys
{
    /// <summary>A text: for whom the answer is, as the provider may know it.</summary>
    public const string User = "user";

    /// <summary>A JSON object or a dictionary with string keys: what the provider is to keep with the answer.</summary>
    public const string Metadata = "metadata";

    /// <summary>A text: the class of service.</summary>
    public const string ServiceTier = "service_tier";

    /// <summary>A text: <c>low</c>, <c>medium</c> or <c>high</c>: how much is said.</summary>
    public const string Verbosity = "verbosity";

    /// <summary>A text: prompts of the same key are likely to begin alike.</summary>
    public const string PromptCacheKey = "prompt_cache_key";

    /// <summary>A text: how long prompts are kept: <c>in_memory</c> or <c>24h</c>.</summary>
    public const string PromptCacheRetention = "prompt_cache_retention";

    /// <summary>
    /// A text: an effort of reasoning that <see cref="ReasoningEffort"/> has no member for, such as <c>minimal</c> or <c>max</c>.
    /// </summary>
    public const string Effort = "reasoning_effort";

    /// <summary>
    /// A JSON object or a dictionary: for each kind of provider (<c>openai</c>, <c>anthropic</c>, …) a JSON object of further fields,
    /// which stand in the body of a request to such a provider as they are.
    /// </summary>
    public const string Fields = "fields";

    internal static IReadOnlyList<string> All { get; } =
        [User, Metadata, ServiceTier, Verbosity, PromptCacheKey, PromptCacheRetention, Effort, Fields];
}
