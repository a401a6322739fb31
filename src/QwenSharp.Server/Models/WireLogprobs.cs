using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Server.Models;

/// <summary>Generated tokens with their log-probabilities, as the protocol writes them.</summary>
internal static class WireLogprobs
{
    public static IReadOnlyList<TokenLogprob> Of(IEnumerable<TextToken> tokens) => [.. tokens.Select(token => new TokenLogprob(
        token.Text,
        Finite(token.Logprob),
        Bytes(token),
        [.. token.Top.Select(top => new TopLogprob(top.Text, Finite(top.Logprob), Bytes(top)))]))];

    // JSON has no infinity; OpenAI writes tokens that cannot be drawn as -9999.
    private static float Finite(float logprob) => Math.Max(logprob, -9999);

    private static int[] Bytes(TextToken token)
    {
        int[] bytes = new int[token.Bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = token.Bytes.Span[i];

        return bytes;
    }
}
