using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>What a model had computed of a prompt already, as the first update of its answer tells.</summary>
/// <param name="Tokens">Tokens that were not computed again.</param>
/// <param name="PromptTokens">All tokens of the prompt.</param>
public sealed record CachedPrompt(int Tokens, int PromptTokens)
{
    /// <summary>The first token in which it differs from the earlier prompt that is most like it; null where it goes on from all of that,
    /// or none is like it.</summary>
    public int? DivergedAtToken { get; init; }

    /// <summary>The same place in UTF-16 units of the prompt's text.</summary>
    public int? DivergedAtCharacter { get; init; }

    /// <summary>Why less is used than both have in common: <c>evicted</c>, <c>no-snapshot</c>; <c>changed-text</c> where all of that is
    /// used; null where they do not differ.</summary>
    public string? Reason { get; init; }

    /// <summary>What an update carries under <see cref="ChatOptionKeys.CachedPrompt"/>; null where it carries nothing.</summary>
    public static CachedPrompt? Of(ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return update.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.CachedPrompt) as CachedPrompt;
    }
}
