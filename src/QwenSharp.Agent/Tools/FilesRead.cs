using System.Collections.Concurrent;

namespace QwenSharp.Agent.Tools;

/// <summary>The files that the model has seen, and when each had last been written by then.</summary>
public sealed class FilesRead
{
    private readonly ConcurrentDictionary<string, DateTime> _seen = new(StringComparer.Ordinal);

    /// <summary>Notes that the model has seen a file as it is now.</summary>
    /// <param name="path">Its full path.</param>
    public void Note(string path) => _seen[path] = File.GetLastWriteTimeUtc(path);

    /// <summary>Whether the model has seen a file.</summary>
    /// <param name="path">Its full path.</param>
    public bool Has(string path) => _seen.ContainsKey(path);

    /// <summary>Whether somebody wrote a file since the model saw it.</summary>
    /// <param name="path">Its full path.</param>
    public bool HasChanged(string path) =>
        _seen.TryGetValue(path, out DateTime written) && File.GetLastWriteTimeUtc(path) != written;
}
