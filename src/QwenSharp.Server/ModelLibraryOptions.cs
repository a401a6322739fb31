using QwenSharp.Hub;

namespace QwenSharp.Server;

/// <summary>
/// Which models a server may load when they are asked for, beside those that it starts with, and where it keeps those that it is told to
/// make.
/// </summary>
public sealed record ModelLibraryOptions
{
    /// <summary>A folder of GGUF files and Hugging Face folders, which go by their names without extension; null for none.</summary>
    public string? Folder { get; init; }

    /// <summary>The hubs, and the caches of what was pulled from them; null for none.</summary>
    public HubOptions? Hub { get; init; }

    /// <summary>
    /// The folder in which the server keeps the models that requests create of others, a small file each, and what they upload for them;
    /// null to create none.
    /// </summary>
    public string? StateFolder { get; init; }

    /// <summary>How to load them. A context beyond what a model was trained for is that.</summary>
    public QwenModelOptions Options { get; init; } = new();
}
