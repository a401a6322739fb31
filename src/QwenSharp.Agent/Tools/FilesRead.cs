using System.Collections.Concurrent;

namespace QwenSharp.Agent.Tools;

/// <summary>The files that the model has seen, and what they were like then.</summary>
public sealed class FilesRead
{
    private readonly ConcurrentDictionary<string, (DateTime Written, long Length)> _seen = new(StringComparer.Ordinal);

    /// <summary>Notes that the model has seen a file as it is now.</summary>
    /// <param name="path">Its full path.</param>
    public void Note(string path) => _seen[path] = Look(path);

    /// <summary>Whether the model has seen a file.</summary>
    /// <param name="path">Its full path.</param>
    public bool Has(string path) => _seen.ContainsKey(path);

    /// <summary>Whether somebody wrote a file since the model saw it.</summary>
    /// <param name="path">Its full path.</param>
    public bool HasChanged(string path) => _seen.TryGetValue(path, out (DateTime, long) then) && Look(path) != then;

    private static (DateTime, long) Look(string path)
    {
        FileInfo file = new(path);
        return (file.LastWriteTimeUtc, file.Exists ? file.Length : -1);
    }
}
