using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>A model that a request made of another, as it is kept on disk.</summary>
/// <param name="Name">Its name.</param>
/// <param name="From">The name of the model that it is made of; where it is made of uploaded weights, their digest.</param>
/// <param name="Path">The uploaded weights; null where <paramref name="From"/> names a model.</param>
/// <param name="Preset">What it settles.</param>
/// <param name="Licenses">The licences that its maker gave.</param>
/// <param name="Made">When it was made.</param>
internal sealed record CreatedModel(
    string Name, string From, string? Path, ModelPreset Preset, IReadOnlyList<string> Licenses, DateTimeOffset Made);

/// <summary>How created models are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(CreatedModel))]
internal sealed partial class CreatedModelJson : JsonSerializerContext;

/// <summary>The models that requests made of others: a file each, replaced as a whole. Safe to use from several threads.</summary>
internal sealed class CreatedModels
{
    private const string Extension = ".json";

    private readonly string _folder;

    /// <param name="stateFolder">The server's folder of what it keeps; made when something is to be kept.</param>
    public CreatedModels(string stateFolder)
    {
        _folder = Path.Combine(stateFolder, "models");
        Blobs = new BlobStore(Path.Combine(stateFolder, "blobs"));
    }

    /// <summary>What was uploaded to make models of.</summary>
    public BlobStore Blobs { get; }

    /// <summary>All that can be read, by name.</summary>
    public IReadOnlyList<CreatedModel> List() => Directory.Exists(_folder)
        ? [.. Directory.EnumerateFiles(_folder, "*" + Extension).Select(Read).OfType<CreatedModel>().OrderBy(model => model.Name)]
        : [];

    /// <summary>The one of a name; null for none.</summary>
    public CreatedModel? Find(string name) =>
        File.Exists(PathOf(name)) && Read(PathOf(name)) is { } model && model.Name == name ? model : null;

    /// <summary>Keeps a model, in place of one of its name.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(CreatedModel model)
    {
        Directory.CreateDirectory(_folder);
        string path = PathOf(model.Name), partial = $"{path}.{Guid.NewGuid():N}.partial";
        using (FileStream file = File.Create(partial))
        {
            JsonSerializer.Serialize(file, model, CreatedModelJson.Default.CreatedModel);
            file.Flush(flushToDisk: true);
        }

        File.Move(partial, path, overwrite: true);
    }

    /// <summary>Forgets a model, and what was uploaded for it alone.</summary>
    public void Remove(CreatedModel model)
    {
        File.Delete(PathOf(model.Name));
        if (model.Path is { } weights && List().All(other => other.Path != weights))
            File.Delete(weights);
    }

    // Names have letters that file systems take for others, or not at all.
    private string PathOf(string name) =>
        Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))) + Extension);

    // A file that is gone, or that somebody spoiled, is no model.
    private static CreatedModel? Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, CreatedModelJson.Default.CreatedModel);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
