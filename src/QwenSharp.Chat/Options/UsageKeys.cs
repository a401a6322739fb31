using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// Keys of <see cref="UsageDetails.AdditionalCounts"/>. Input tokens are all of the prompt's: those read from a cache and those written
/// to one are among them. A count that is not there was not said, which is not zero.
/// </summary>
public static class UsageKeys
{
    /// <summary>Tokens that were written to a cache for five minutes.</summary>
    public const string CacheWrite5Minutes = "cache_write_5m";

    /// <summary>Tokens that were written to a cache for half an hour.</summary>
    public const string CacheWrite30Minutes = "cache_write_30m";

    /// <summary>Tokens that were written to a cache for an hour.</summary>
    public const string CacheWrite1Hour = "cache_write_1h";

    /// <summary>Tokens that were written to a cache for a time that was not said.</summary>
    public const string CacheWriteUnspecified = "cache_write_unspecified";

    /// <summary>Tokens of the prompt that are sound.</summary>
    public const string InputAudio = "input_audio";

    /// <summary>Tokens of the answer that are sound.</summary>
    public const string OutputAudio = "output_audio";

    /// <summary>Searches of the web that the provider made.</summary>
    public const string WebSearches = "web_search";
}
