using QwenSharp.Chat;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>What all chunks of a reply repeat, and how its choices are counted.</summary>
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
    /// <param name="generation">The request.</param>
    public static ReplyHeader For(string prefix, string model, GenerationFields generation) => new(
        $"{prefix}-{Guid.NewGuid():N}",
        DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
        model,
        generation.Choices,
        generation.Options.AdditionalProperties?.ContainsKey(ChatOptionKeys.Logprobs) ?? false);
}
