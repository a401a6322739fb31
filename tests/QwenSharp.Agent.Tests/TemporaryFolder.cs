namespace QwenSharp.Agent.Tests;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder(string? above = null) : IDisposable
{
    /// <summary>The folder; for temporary files, or in one that is named.</summary>
    public string Path { get; } = above is null
        ? Directory.CreateTempSubdirectory("qwensharp-agent-").FullName
        : Directory.CreateDirectory(System.IO.Path.Combine(above, "qwensharp-agent-" + System.IO.Path.GetRandomFileName())).FullName;

    /// <summary>The path of something in it.</summary>
    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a file, with the folders above it.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        string path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
