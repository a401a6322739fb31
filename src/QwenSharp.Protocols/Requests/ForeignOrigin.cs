using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Requests;

/// <summary>
/// What somebody has protected of a thought, as a text that says whose it is: so it comes back to its origin, over a wire that has a place
/// for one such text alone.
/// </summary>
internal static class ForeignOrigin
{
    private const string Mark = "of:";

    /// <summary>The text.</summary>
    /// <param name="thought">The thought.</param>
    /// <param name="own">Who the wire's own texts are of; those are as they are.</param>
    public static string Write(TextReasoningContent thought, string own) =>
        Property(thought, ContentKeys.Origin) is { } origin && origin != own
            ? $"{Mark}{origin}:{Property(thought, ContentKeys.ProtectedForm)}:{thought.ProtectedData}"
            : thought.ProtectedData!;

    /// <summary>The thought again.</summary>
    /// <param name="text">The text; empty where nothing is protected.</param>
    /// <param name="own">Who the wire's own texts are of.</param>
    /// <param name="thought">What can be read of the thought.</param>
    public static TextReasoningContent Read(string text, string own, string thought)
    {
        bool isMarked = text.StartsWith(Mark, StringComparison.Ordinal);
        (string origin, string? form, string data) = isMarked && text.Split(':', 4) is [_, var of, var what, var rest]
            ? (of, what.Length > 0 ? what : null, rest)
            : (own, null, text);
        TextReasoningContent content = new(thought) { ProtectedData = data.Length > 0 ? data : null };
        return content.With(ContentKeys.Origin, origin).With(ContentKeys.ProtectedForm, form);
    }

    private static string? Property(AIContent content, string key) => content.AdditionalProperties?.GetValueOrDefault(key) as string;
}
