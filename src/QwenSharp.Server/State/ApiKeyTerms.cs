namespace QwenSharp.Server.State;

/// <summary>What the holder of a key may do. What is null is not limited.</summary>
/// <param name="Name">What its holder is called; not unique.</param>
public sealed record ApiKeyTerms(string Name)
{
    /// <summary>The scopes that there are.</summary>
    public static IReadOnlyList<string> AllScopes { get; } =
        [Scopes.Chat, Scopes.Embeddings, Scopes.Ranking, Scopes.Moderation, Scopes.Files, Scopes.Admin];

    /// <summary>The models by name, <c>*</c> standing for any characters; empty for all.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>What may be asked for, in any dialect, of <see cref="AllScopes"/>; empty for all but <c>admin</c>.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = [];

    /// <summary>How early its requests are served.</summary>
    public KeyPriority Priority { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Requests a minute.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, of prompts and answers.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Requests at the same time.</summary>
    public int? Concurrent { get; init; }
}
