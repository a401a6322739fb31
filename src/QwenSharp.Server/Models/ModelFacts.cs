using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Server.Models;

/// <summary>What models' files say, read once as long as the files stay the same. Safe to use from several threads.</summary>
internal sealed class ModelFacts
{
    private readonly ConcurrentDictionary<string, (DateTime Written, QwenModelInfo? Info)> _known = [];

    /// <summary>What a model's files say; null where it has none, or they cannot be read.</summary>
    public QwenModelInfo? Of(ModelEntry entry)
    {
        if (entry.Description.Path is not { } path)
            return null;

        DateTime written = File.GetLastWriteTimeUtc(path);
        if (_known.TryGetValue(path, out var known) && known.Written == written)
            return known.Info;

        QwenModelInfo? info = Read(path, everything: false);
        _known[path] = (written, info);
        return info;
    }

    /// <summary>
    /// Everything that a model's files say, the vocabulary too, read anew; null where it has none, or they cannot be read.
    /// </summary>
    public static QwenModelInfo? AllOf(ModelEntry entry) => entry.Description.Path is { } path ? Read(path, everything: true) : null;

    /// <summary>
    /// 64 hexadecimal digits that change with a model's files and settings: of where they are, how long, and when they were written, as to
    /// hash what is in them takes long.
    /// </summary>
    public string DigestOf(ModelEntry entry)
    {
        string path = entry.Description.Path ?? entry.Name;
        string text = $"{path}\n{Of(entry)?.Bytes}\n{File.GetLastWriteTimeUtc(path).Ticks}\n{entry.Created?.Made.Ticks}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static QwenModelInfo? Read(string path, bool everything)
    {
        try
        {
            return QwenModelInfo.Read(path, everything);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException)
        {
            return null;
        }
    }
}
