using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>How much is to be said, which a model learns from a sentence beside its instructions.</summary>
internal static class Verbosity
{
    /// <summary>The sentence for <c>low</c> and <c>high</c>; null for <c>medium</c>.</summary>
    public static string? Read(RequestValue value) => value.String() switch
    {
        "low" => "Keep your answers short.",
        "medium" => null,
        "high" => "Answer at length and in detail.",
        string other => throw value.Invalid($"must be low, medium or high, not '{Excerpt.Of(other)}'."),
    };
}
