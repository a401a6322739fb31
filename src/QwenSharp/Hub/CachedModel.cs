namespace QwenSharp.Hub;

/// <summary>A model in one of the caches on this machine.</summary>
public sealed record CachedModel
{
    /// <summary>What to type for it: ORG/NAME, or ORG/NAME:QUANT where it is GGUF.</summary>
    public string Name => Quant is null ? Repo : $"{Repo}:{Quant}";

    /// <summary>The hub it came from.</summary>
    public required HubKind Hub { get; init; }

    /// <summary>The repository: ORG/NAME.</summary>
    public required string Repo { get; init; }

    /// <summary>The quantisation, where it is GGUF.</summary>
    public string? Quant { get; init; }

    /// <summary>The commit; empty where the cache does not say.</summary>
    public required string Revision { get; init; }

    /// <summary>Whether <see cref="Revision"/> is what the default branch pointed to at the last pull.</summary>
    public bool IsCurrent { get; init; }

    /// <summary>Whether all its files are there; what is not complete is the rest of a pull that broke off.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>What opens it: its GGUF file, the first of a split one; or the folder of a checkpoint.</summary>
    public required string Path { get; init; }

    /// <summary>All its files.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Its files as the repository calls them; none where the cache does not say.</summary>
    internal IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The length of all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>When the youngest of its files was written.</summary>
    public required DateTimeOffset Modified { get; init; }
}
