using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Anthropic;

/// <summary>Thoughts that somebody else has protected, as blocks whose signature comes back.</summary>
internal static class ForeignThought
{
    private const string Own = "anthropic", Redacted = "redacted_thinking";

    /// <summary>The signature of a thought.</summary>
    public static string Sign(TextReasoningContent thought) => ForeignOrigin.Write(thought, Own);

    /// <summary>Whether a thought is a block that nobody but its origin can read.</summary>
    public static bool IsRedacted(TextReasoningContent thought) =>
        thought.AdditionalProperties?.GetValueOrDefault(ContentKeys.ProtectedForm) is Redacted;

    /// <summary>The thought of a block with a signature.</summary>
    public static TextReasoningContent Read(string thought, string signature) => ForeignOrigin.Read(signature, Own, thought);

    /// <summary>The thought of a block that nobody but its origin can read.</summary>
    public static TextReasoningContent ReadRedacted(string data) =>
        ForeignOrigin.Read(data, Own, thought: "").With(ContentKeys.ProtectedForm, Redacted);
}
