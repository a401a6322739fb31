using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>
/// The <c>usage</c> of a message. Its input tokens are those without a cache's; neutral ones are all. What was written for how long is said
/// when a stream begins, how much was answered when it ends.
/// </summary>
internal static class MessageUsage
{
    /// <summary>What is known of the prompt; null where nothing is.</summary>
    public static UsageDetails? ReadInput(JsonElement? said)
    {
        if (said is not { ValueKind: JsonValueKind.Object } usage)
            return null;

        long? fresh = usage.Count("input_tokens"), read = usage.Count("cache_read_input_tokens");
        long? written = usage.Count("cache_creation_input_tokens");
        UsageDetails details = new()
        {
            InputTokenCount = fresh is null ? null : fresh + (read ?? 0) + (written ?? 0),
            CachedInputTokenCount = read,
        };
        JsonElement? kinds = usage.Member("cache_creation");
        Add(details, UsageKeys.CacheWrite5Minutes, kinds?.Count("ephemeral_5m_input_tokens"));
        Add(details, UsageKeys.CacheWrite1Hour, kinds?.Count("ephemeral_1h_input_tokens"));
        if (kinds is null)
            Add(details, UsageKeys.CacheWriteUnspecified, written);

        return details;
    }

    /// <summary>Adds what is known of the answer.</summary>
    public static void ReadOutput(JsonElement? said, AnswerUpdates answer)
    {
        if (said is not { ValueKind: JsonValueKind.Object } usage)
            return;

        UsageDetails details = answer.Usage ??= ReadInput(usage) ?? new UsageDetails();

        // Counts of a prompt that grew while tools of the provider's own ran; an older form of the event has none.
        if (usage.Count("input_tokens") is { } fresh)
        {
            details.CachedInputTokenCount = usage.Count("cache_read_input_tokens") ?? details.CachedInputTokenCount;
            details.InputTokenCount =
                fresh + (details.CachedInputTokenCount ?? 0) + (usage.Count("cache_creation_input_tokens") ?? Written(details));
        }

        details.OutputTokenCount = usage.Count("output_tokens") ?? details.OutputTokenCount;
        details.ReasoningTokenCount = usage.Member("output_tokens_details")?.Count("thinking_tokens") ?? details.ReasoningTokenCount;
        details.TotalTokenCount = details.InputTokenCount + details.OutputTokenCount;
        Add(details, UsageKeys.WebSearches, usage.Member("server_tool_use")?.Count("web_search_requests"));
    }

    private static long Written(UsageDetails details) =>
        details.AdditionalCounts?
            .Where(count => count.Key.StartsWith("cache_write", StringComparison.Ordinal))
            .Sum(count => count.Value) ?? 0;

    private static void Add(UsageDetails usage, string key, long? count)
    {
        if (count is { } number)
            (usage.AdditionalCounts ??= [])[key] = number;
    }
}
