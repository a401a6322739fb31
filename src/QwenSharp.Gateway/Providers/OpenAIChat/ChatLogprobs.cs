using System.Text;
using System.Text.Json;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>Tokens with their log-probabilities.</summary>
internal static class ChatLogprobs
{
    // No provider but those that serve open weights says the id, and none needs it.
    private const int Unknown = -1;

    public static IReadOnlyList<TextToken> Read(JsonElement choice) =>
        choice.Member("logprobs") is { } logprobs ? [.. logprobs.Items("content").Select(Token)] : [];

    public static TextToken Token(JsonElement value) => new(
        (int?)value.Count("id") ?? Unknown,
        Bytes(value),
        (float)(value.Number("logprob") ?? double.NaN),
        [.. value.Items("top_logprobs").Select(Token)]);

    private static byte[] Bytes(JsonElement value) => value.Member("bytes") is { ValueKind: JsonValueKind.Array } bytes
        ? [.. bytes.EnumerateArray().Select(item => item.TryGetByte(out byte single) ? single : (byte)'?')]
        : Encoding.UTF8.GetBytes(value.Text("token") ?? "");
}
