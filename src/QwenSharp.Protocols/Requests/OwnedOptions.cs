using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Requests;

/// <summary>Chat options in somebody's name.</summary>
public static class OwnedOptions
{
    /// <summary>The same options for an owner, whose requests take turns with those of others; the given ones stay as they are.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="owner">Whom it is for; see <see cref="ChatOptionKeys.Owner"/>.</param>
    public static ChatOptions For(ChatOptions options, object owner)
    {
        ArgumentNullException.ThrowIfNull(options);
        ChatOptions own = options.Clone();
        (own.AdditionalProperties ??= [])[ChatOptionKeys.Owner] = owner;
        return own;
    }
}
