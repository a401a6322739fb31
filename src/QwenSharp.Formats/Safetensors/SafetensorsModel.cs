using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// The weights of a Hugging Face folder: one <c>model.safetensors</c>, or several files that <c>model.safetensors.index.json</c> names.
/// </summary>
public sealed class SafetensorsModel : IDisposable
{
    /// <summary>The name of the weights where they are one file.</summary>
    public const string FileName = "model.safetensors";

    /// <summary>The name of the table that says which file has which tensor.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];

    private SafetensorsModel()
    {
    }

    /// <summary>The files in the order of their names.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>All tensors, file by file.</summary>
    public IEnumerable<SafetensorsTensor> Tensors => _files.SelectMany(file => file.Tensors);

    /// <summary>Whether a folder has weights in this format.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName)) || File.Exists(Path.Combine(folder, IndexName));

    /// <summary>
    /// Opens the weights of a folder; every file that the index names must be there and hold exactly what the index says.
    /// </summary>
    /// <exception cref="SafetensorsException">A file is truncated, damaged or hostile, or the index and the files do not agree.</exception>
    /// <exception cref="HuggingFaceException">The index is not the JSON that it should be.</exception>
    /// <exception cref="IOException">A file is missing, or the system refuses to read it.</exception>
    public static SafetensorsModel Open(string folder)
    {
        SafetensorsModel model = new();
        try
        {
            if (File.Exists(Path.Combine(folder, FileName)))
                model._files.Add(SafetensorsFile.Open(Path.Combine(folder, FileName)));
            else
                model.OpenShards(folder, HuggingFaceJson.Read(Path.Combine(folder, IndexName)));

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the files. The tensors must not be touched any more.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private void OpenShards(string folder, HuggingFaceJson index)
    {
        HuggingFaceJson map = index.GetObject("weight_map");
        Dictionary<string, string> fileOf = map.Names.ToDictionary(name => name, map.GetString);
        foreach (string name in fileOf.Values.Distinct().Order(StringComparer.Ordinal))
        {
            // A name that leads elsewhere would read files that are none of the model's.
            if (Path.GetFileName(name) != name || name is "" or "." or "..")
                throw new SafetensorsException(index.Path, $"'{name}' is no file name");
            if (!File.Exists(Path.Combine(folder, name)))
                throw new SafetensorsException(index.Path, $"it names the file '{name}', which is missing; download it as well");

            SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, name));
            _files.Add(file);
            foreach (SafetensorsTensor tensor in file.Tensors)
            {
                if (!fileOf.Remove(tensor.Name, out string? stated))
                    throw new SafetensorsException(file.Path, $"tensor '{tensor.Name}' is not in the index, or in two files");
                if (stated != name)
                    throw new SafetensorsException(file.Path, $"tensor '{tensor.Name}' should be in '{stated}', as the index says");
            }
        }

        if (fileOf.Count > 0)
        {
            throw new SafetensorsException(
                index.Path,
                $"tensor '{fileOf.First().Key}' is not in '{fileOf.First().Value}', where the index says it is");
        }
    }
}
