using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>The <c>usage</c> of a chat completion, in all the places where providers put its counts.</summary>
internal static class ChatUsage
{
    /// <param name="usage">The object.</param>
    /// <param name="reply">What it stands in, which llama.cpp's server has <c>timings</c> in.</param>
    /// <param name="written">The key of tokens that were written to a cache, where their lifetime is not said.</param>
    public static UsageDetails Read(JsonElement usage, JsonElement reply, string written)
    {
        JsonElement? input = usage.Member("prompt_tokens_details"), output = usage.Member("completion_tokens_details");
        UsageDetails read = new()
        {
            InputTokenCount = usage.Count("prompt_tokens"),
            OutputTokenCount = usage.Count("completion_tokens"),
            TotalTokenCount = usage.Count("total_tokens"),
            CachedInputTokenCount = input?.Count("cached_tokens") ?? usage.Count("prompt_cache_hit_tokens")
                ?? usage.Count("num_cached_tokens") ?? reply.Member("timings")?.Count("cache_n"),
            ReasoningTokenCount = output?.Count("reasoning_tokens") ?? usage.Count("reasoning_tokens"),
        };
        Add(read, UsageKeys.InputAudio, input?.Count("audio_tokens"));
        Add(read, UsageKeys.OutputAudio, output?.Count("audio_tokens"));
        Add(read, written, input?.Count("cache_write_tokens"));

        // Model Studio keeps what it is told to for five minutes.
        Add(read, UsageKeys.CacheWrite5Minutes,
            input?.Count("cache_creation_input_tokens") ?? usage.Count("cache_creation_input_tokens"));
        return read;
    }

    private static void Add(UsageDetails usage, string key, long? count)
    {
        if (count is { } number)
            (usage.AdditionalCounts ??= [])[key] = number;
    }
}
