using System.Text.Json.Serialization;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The reply of <c>/v1/completions</c>; a stream sends the same shape in pieces.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Created">When it was asked for, in seconds of Unix time.</param>
/// <param name="Model">Who answered.</param>
/// <param name="Choices">The answers, or what is new in them.</param>
/// <param name="Usage">The tokens that it took.</param>
public sealed record Completion(
    string Id,
    long Created,
    string Model,
    IReadOnlyList<CompletionChoice> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CompletionUsage? Usage = null)
{
    /// <summary>Always <c>text_completion</c>.</summary>
    public string Object { get; } = "text_completion";

    /// <summary>Letters that mean nothing, where padding of a stream was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Obfuscation { get; init; }
}

/// <summary>One answer, or what is new in it.</summary>
/// <param name="Text">The text that continues the prompt.</param>
/// <param name="Index">Its place: prompt by prompt, and within a prompt answer by answer.</param>
/// <param name="Logprobs">The log-probabilities of its tokens, where they were asked for.</param>
/// <param name="FinishReason"><c>stop</c> or <c>length</c>; null while a stream goes on.</param>
public sealed record CompletionChoice(string Text, int Index, CompletionLogprobs? Logprobs, string? FinishReason)
{
    /// <summary>Why the answer ended, where the protocol has no word for it: <c>repetition</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StopReason { get; init; }
}

/// <summary>The log-probabilities of a plain completion's tokens: four lists of one entry a token.</summary>
/// <param name="Tokens">The text of each.</param>
/// <param name="TokenLogprobs">The natural logarithm of each one's probability; null for a prompt's first, which follows nothing.</param>
/// <param name="TopLogprobs">The likeliest tokens at each place, and always the chosen one; null for a prompt's first.</param>
/// <param name="TextOffset">Where each begins in the answer's text, in UTF-16 units.</param>
public sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens,
    IReadOnlyList<float?> TokenLogprobs,
    IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs,
    IReadOnlyList<int> TextOffset)
{
    /// <summary>The lists for some tokens of an answer, whose text begins at an offset.</summary>
    internal static CompletionLogprobs Of(IReadOnlyList<TextToken> tokens, int offset)
    {
        List<TokenLogprob> wire = [.. tokens.Select(TokenLogprob.Of)];
        List<int> offsets = [];
        foreach (TokenLogprob token in wire)
        {
            offsets.Add(offset);
            offset += token.Token.Length;
        }

        return new CompletionLogprobs(
            [.. wire.Select(token => token.Token)],
            [.. wire.Select(token => float.IsNaN(token.Logprob) ? (float?)null : token.Logprob)],
            [.. wire.Select(token => float.IsNaN(token.Logprob) ? null : Likeliest(token))],
            offsets);
    }

    // Tokens that are parts of characters may share their text; the likeliest of them keeps it.
    private static Dictionary<string, float> Likeliest(TokenLogprob token)
    {
        Dictionary<string, float> top = [];
        foreach (TopLogprob candidate in token.TopLogprobs)
            top.TryAdd(candidate.Token, candidate.Logprob);

        top.TryAdd(token.Token, token.Logprob);
        return top;
    }
}
