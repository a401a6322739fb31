using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// What <see cref="ChatOptions.AdditionalProperties"/> ask of a model that is elsewhere, read once; the keys are
/// <see cref="RemoteOptionKeys"/> beside <see cref="ChatOptionKeys"/>.
/// </summary>
public sealed record RemoteChatOptions
{
    /// <summary>What a model of this machine may be asked too.</summary>
    public AdditionalChatOptions Common { get; private init; } = new();

    /// <summary>See <see cref="RemoteOptionKeys.User"/>; null where it is left open.</summary>
    public string? User { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.Metadata"/>; empty for none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Metadata { get; private init; } = new Dictionary<string, JsonElement>();

    /// <summary>See <see cref="RemoteOptionKeys.ServiceTier"/>; null where it is left open.</summary>
    public string? ServiceTier { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.Verbosity"/>; null where it is left open.</summary>
    public string? Verbosity { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.PromptCacheKey"/>; null for none.</summary>
    public string? PromptCacheKey { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.PromptCacheRetention"/>; null where it is left open.</summary>
    public string? PromptCacheRetention { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.Effort"/>; null where it is left open.</summary>
    public string? Effort { get; private init; }

    /// <summary>See <see cref="RemoteOptionKeys.Fields"/>; empty for none.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; private init; } = new Dictionary<string, JsonElement>();

    /// <summary>Reads the properties of chat options.</summary>
    /// <param name="options">The caller's; null for none.</param>
    /// <exception cref="NotSupportedException">There is a key that no one honours.</exception>
    /// <exception cref="ArgumentException">A value is of the wrong type, or needs another that is not there.</exception>
    public static RemoteChatOptions Read(ChatOptions? options)
    {
        OptionValues values = new(options?.AdditionalProperties, [.. ChatOptionKeys.All, .. RemoteOptionKeys.All]);
        return new RemoteChatOptions
        {
            Common = AdditionalChatOptions.Read(values),
            User = values.Of<string>(RemoteOptionKeys.User, "a text"),
            Metadata = values.Variables(RemoteOptionKeys.Metadata),
            ServiceTier = values.Of<string>(RemoteOptionKeys.ServiceTier, "a text"),
            Verbosity = values.Of<string>(RemoteOptionKeys.Verbosity, "a text"),
            PromptCacheKey = values.Of<string>(RemoteOptionKeys.PromptCacheKey, "a text"),
            PromptCacheRetention = values.Of<string>(RemoteOptionKeys.PromptCacheRetention, "a text"),
            Effort = values.Of<string>(RemoteOptionKeys.Effort, "a text"),
            Fields = values.Variables(RemoteOptionKeys.Fields),
        };
    }
}
