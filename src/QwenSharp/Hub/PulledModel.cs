namespace QwenSharp.Hub;

/// <summary>A model that is on this machine after a pull.</summary>
public sealed record PulledModel
{
    /// <summary>As it was asked for.</summary>
    public required string Name { get; init; }

    /// <summary>The hub it came from.</summary>
    public required HubKind Hub { get; init; }

    /// <summary>The repository: ORG/NAME.</summary>
    public required string Repo { get; init; }

    /// <summary>The quantisation, where it is GGUF.</summary>
    public string? Quant { get; init; }

    /// <summary>The commit; on ModelScope the revision asked for.</summary>
    public required string Revision { get; init; }

    /// <summary>What opens it: its GGUF file, the first of a split one; or the folder of a checkpoint.</summary>
    public required string Path { get; init; }

    /// <summary>All its files.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The length of all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>The bytes that came over the network; less than <see cref="Bytes"/> where some were here already.</summary>
    public required long ReceivedBytes { get; init; }
}
