using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// A piece of a call that is still being written. The first has the name and no arguments; those of all pieces in a row are one JSON
/// object, unless the answer is cut. The whole call follows as a <see cref="FunctionCallContent"/> of the same id, so that who invokes
/// functions need not know of pieces; of a call that is cut none does.
/// </summary>
/// <param name="CallId">The call's id.</param>
/// <param name="Name">Which tool.</param>
/// <param name="Arguments">More of the arguments' JSON text.</param>
public sealed record CallFragment(string CallId, string Name, string Arguments)
{
    /// <summary>The fragment that an update brings, before its contents; null where it brings none.</summary>
    public static CallFragment? Of(ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return update.RawRepresentation as CallFragment;
    }

    /// <summary>The fragment that a content stands for; null where it is one of its own.</summary>
    public static CallFragment? Of(AIContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return content.RawRepresentation as CallFragment;
    }
}
