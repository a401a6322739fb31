using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>What all parts of a reply share, and how its choices are counted.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Created">When it was asked for, in seconds of Unix time.</param>
/// <param name="Model">Who answers.</param>
/// <param name="ChoicesPerPrompt">How many choices in a row share a prompt.</param>
/// <param name="Logprobs">Whether the choices carry log-probabilities.</param>
public sealed record ReplyHeader(string Id, long Created, string Model, int ChoicesPerPrompt, bool Logprobs)
{
    /// <summary>The header of a new reply.</summary>
    /// <param name="prefix">The kind of reply, such as <c>chatcmpl</c>.</param>
    /// <param name="model">Who answers.</param>
    /// <param name="choices">How many answers each prompt gets.</param>
    /// <param name="options">What was asked of them.</param>
    public static ReplyHeader For(string prefix, string model, int choices, ChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ReplyHeader(
            $"{prefix}-{Guid.NewGuid():N}",
            DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            model,
            choices,
            options.AdditionalProperties?.ContainsKey(ChatOptionKeys.Logprobs) ?? false);
    }
}
