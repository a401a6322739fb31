namespace QwenSharp.Protocols.OpenAI;

/// <summary>What a request asks of the form of its reply.</summary>
public sealed record ChatReplyForm
{
    /// <summary>Whether a stream ends with a chunk that counts the tokens.</summary>
    public bool IncludesUsage { get; init; }

    /// <summary>Whether the chunks of a stream are padded, lest their lengths tell what they say.</summary>
    public bool Obfuscates { get; init; }

    /// <summary>Whether a call is written in the older form: <c>function_call</c>.</summary>
    public bool CallsFunctions { get; init; }

    /// <summary>The form that a request asks for.</summary>
    public static ChatReplyForm Of(ChatCompletionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new ChatReplyForm
        {
            IncludesUsage = request.Generation.IncludeUsage,
            Obfuscates = request.Generation.Obfuscates,
            CallsFunctions = request.CallsFunctions,
        };
    }
}
