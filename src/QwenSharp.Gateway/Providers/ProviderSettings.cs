namespace QwenSharp.Gateway.Providers;

/// <summary>Where a provider is and how it is spoken to.</summary>
/// <param name="Name">What the configuration calls it.</param>
/// <param name="Kind">Its wire form.</param>
/// <param name="BaseUrl">Its address, up to where the documented path of its kind begins.</param>
public sealed record ProviderSettings(string Name, ProviderKind Kind, Uri BaseUrl)
{
    /// <summary>The key or token that it is shown; null for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Further headers of every request; they win over those of the kind.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Bedrock: the region that requests are signed for. Vertex: the location, <c>global</c> where it is left open.</summary>
    public string? Region { get; init; }

    /// <summary>Vertex: the project. OpenAI: the project that is billed.</summary>
    public string? Project { get; init; }

    /// <summary>OpenAI: the organization that is billed.</summary>
    public string? Organization { get; init; }

    /// <summary>Azure: the <c>api-version</c>, with which deployments are in the path. Anthropic: the <c>anthropic-version</c>.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Bedrock: what requests are signed with, in place of an <see cref="ApiKey"/>.</summary>
    public AwsCredentials? Aws { get; init; }

    /// <summary>How long a connection may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the first byte of an answer may take; the whole answer, where it is not streamed.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a stream may say nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Its name and kind: nothing of what is secret.</summary>
    public override string ToString() => $"{Name} ({ProviderKinds.Word(Kind)})";
}
