using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>
/// Reads and writes LoRA adapters: folders of Hugging Face's PEFT, and GGUF files as llama.cpp has them. What is read lies in memory of its
/// own;
/// the file may go.
/// </summary>
public static class AdapterFile
{
    /// <summary>Reads an adapter; <see cref="LanguageModel.Fit"/> checks then that it fits the weights.</summary>
    /// <param name="path">A PEFT folder (or a file in it), or a GGUF file.</param>
    /// <param name="model">The model that it is for, which says what PEFT's names mean.</param>
    /// <param name="name">What it shall be called; null for <see cref="NameOf"/>.</param>
    /// <exception cref="IOException">
    /// A file is missing, damaged or hostile, or has something that is not supported (<see cref="GgufException"/>,
    /// <see cref="HuggingFaceException"/>, <see cref="SafetensorsException"/>).
    /// </exception>
    /// <exception cref="ModelLoadException">A tensor has no place in such a model.</exception>
    public static LoraAdapter Read(string path, ModelConfig model, string? name = null) => FolderOf(path) is { } folder
        ? PeftAdapter.Read(folder, name ?? NameOf(path), model)
        : GgufAdapter.Read(path, name ?? NameOf(path));

    /// <summary>Writes a PEFT folder; files of the same names are replaced, one after the other.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="folder">The folder; made where it is missing.</param>
    /// <param name="baseModelName">What transformers shall load the base model from: its repository or folder.</param>
    /// <exception cref="InvalidDataException">A matrix that is changed has no counterpart in transformers' model.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void WritePeft(LoraAdapter adapter, string folder, string baseModelName) =>
        PeftAdapter.Write(adapter, folder, baseModelName);

    /// <summary>Writes a GGUF file that llama.cpp loads too, replacing one of the same name.</summary>
    /// <param name="adapter">The adapter. The format has one α for all pairs, and no rsLoRA: where that does not give a pair's scale, its B
    /// is written in F32, scaled.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteGguf(LoraAdapter adapter, string path) => GgufAdapter.Write(adapter, path);

    /// <summary>The name that a path suggests: a folder's own, or a file's without its extension.</summary>
    public static string NameOf(string path) => FolderOf(path) is { } folder
        ? new DirectoryInfo(folder).Name
        : Path.GetFileNameWithoutExtension(path);

    private static string? FolderOf(string path) =>
        Directory.Exists(path) ? path
        : Path.GetFileName(path) is PeftAdapter.ConfigName or PeftAdapter.WeightsName ? Path.GetDirectoryName(Path.GetFullPath(path))
        : null;
}
