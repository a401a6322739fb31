using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>Opens a model by its path, whatever it is stored in.</summary>
public static class ModelFiles
{
    /// <summary>Opens a GGUF file or a Hugging Face folder.</summary>
    /// <param name="path">A GGUF file (any file of a split one), a folder, or the <c>config.json</c> in it.</param>
    /// <param name="decode">Whether weights in a form that no kernel multiplies are decoded at once; see
    /// <see cref="HuggingFaceCheckpoint.Open"/>.</param>
    /// <exception cref="IOException">A file is missing, malformed (<see cref="GgufException"/>, <see cref="SafetensorsException"/>,
    /// <see cref="HuggingFaceException"/>), or cannot be read.</exception>
    /// <exception cref="ModelLoadException">A folder's model class, a setting or a tensor is not one that this build runs.</exception>
    public static Checkpoint Open(string path, bool decode = true) => FolderOf(path) is { } folder
        ? HuggingFaceCheckpoint.Open(folder, decode)
        : GgufFile.Open(path);

    /// <summary>The Hugging Face folder that a path means; null for a file of another kind.</summary>
    public static string? FolderOf(string path) =>
        Directory.Exists(path) ? path
        : Path.GetFileName(path) == HuggingFaceCheckpoint.ConfigName ? Path.GetDirectoryName(Path.GetFullPath(path))
        : null;
}
