using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Requests;

/// <summary>Chat options in somebody's name.</summary>
public static class OwnedOptions
{
    /// <summary>
    /// The same options for an owner, whose requests take turns with those of others, and no earlier than it may be; the given ones stay as
    /// they are.
    /// </summary>
    /// <param name="options">What is asked.</param>
    /// <param name="owner">Whom it is for; see <see cref="ChatOptionKeys.Owner"/>.</param>
    /// <param name="priority">How early it is served; what the options ask may be later.</param>
    public static ChatOptions For(ChatOptions options, object owner, int priority)
    {
        ArgumentNullException.ThrowIfNull(options);
        ChatOptions own = options.Clone();
        own.AdditionalProperties ??= [];
        own.AdditionalProperties[ChatOptionKeys.Owner] = owner;
        own.AdditionalProperties[ChatOptionKeys.Priority] =
            Math.Max(priority, own.AdditionalProperties.GetValueOrDefault(ChatOptionKeys.Priority) as int? ?? priority);
        return own;
    }
}
