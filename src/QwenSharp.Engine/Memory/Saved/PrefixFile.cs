using QwenSharp.Models;

namespace QwenSharp.Engine;

/// <summary>
/// The file in which the prefix cache of an engine outlives it: read when the engine is made, replaced as a whole when it ends, and now and
/// then in between. Only who started the engine can read it: it holds what people wrote, as token ids.
/// </summary>
/// <param name="Path">The file; its folder must be there.</param>
/// <param name="Model">
/// What tells the model from all others, whatever its name: a hash of its weights and settings. A file of another is not used.
/// </param>
public sealed record PrefixFile(string Path, string Model)
{
    /// <summary>
    /// The adapters whose prompts are saved too, by what tells each from all others. Those of adapters that are not here are forgotten.
    /// </summary>
    public IReadOnlyDictionary<string, FittedAdapter> Adapters { get; init; } = new Dictionary<string, FittedAdapter>();

    /// <summary>
    /// How long after one save the next one begins, where something has changed; a file takes at least a second for each four MiB, for the
    /// sake of the disk. Infinite to save at the end alone.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Told in a sentence why the file, or a part of it, is not used, or could not be written. Called on the engine's threads.
    /// </summary>
    public Action<string>? Notice { get; init; }

    /// <summary>What the bytes go through on their way to the file; for tests of what fails.</summary>
    internal Func<Stream, Stream> Through { get; init; } = stream => stream;
}
