using QwenSharp.Hub;

namespace QwenSharp.Server.Models;

/// <summary>The models that are on this machine and may be loaded when they are asked for. Looks at the disk each time.</summary>
internal sealed class ModelLibrary(ModelLibraryOptions options)
{
    private const string Weights = ".gguf";

    /// <summary>The models that requests made of others; null where they may make none.</summary>
    public CreatedModels? Created { get; } = options.StateFolder is { } folder ? new CreatedModels(folder) : null;

    /// <summary>The hubs, and what was pulled from them; null for none.</summary>
    public HubOptions? Hub => options.Hub;

    /// <summary>A model of the folder or of a hub's cache, by any of its names; null for none.</summary>
    public ModelEntry? Find(string name) => InFolder().FirstOrDefault(entry => entry.Name == name) ?? Pulled(name);

    /// <summary>All models of the folder and of the hubs' caches.</summary>
    public IReadOnlyList<ModelEntry> List() =>
        [.. InFolder().Concat(PulledModels().Select(model => Entry(ShortNameOf(model), model))).DistinctBy(entry => entry.Name)];

    /// <summary>A model of a hub's cache, by any of its names; null for none.</summary>
    public CachedModel? Cached(string name) => options.Hub is { } hub && ModelReference.TryParse(name, hub) is { } reference
        ? FindCached(hub, reference)
        : null;

    /// <summary>A model that is loaded from files for itself.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="id">What the loaded model is called, whichever name it was asked for by.</param>
    /// <param name="path">Its files.</param>
    /// <param name="origin">Where it is known from.</param>
    /// <param name="since">When it came.</param>
    /// <param name="context">Positions that it is loaded with; null for what all are.</param>
    public ModelEntry Entry(string name, string id, string path, ModelOrigin origin, DateTimeOffset since, int? context = null)
    {
        QwenModelOptions load = options.Options with { Id = id, ContextLength = context ?? options.Options.ContextLength };
        string key = context is null ? Path.GetFullPath(path) : $"{Path.GetFullPath(path)}|{context}";
        return new ModelEntry(name, new ModelDescription(key, path, load), id, origin, since);
    }

    private IEnumerable<ModelEntry> InFolder()
    {
        if (options.Folder is not { } folder || !Directory.Exists(folder))
            return [];

        IEnumerable<string> files = Directory.EnumerateFiles(folder, "*" + Weights).Where(IsFirst);
        IEnumerable<string> folders = Directory.EnumerateDirectories(folder).Where(path => File.Exists(Path.Combine(path, "config.json")));
        return files.Concat(folders)
            .Order(StringComparer.Ordinal)
            .Select(path => Entry(NameOf(path), NameOf(path), path, ModelOrigin.Folder, File.GetLastWriteTimeUtc(path)));
    }

    // Of a file in parts the first stands for all.
    private static bool IsFirst(string path) =>
        !Path.GetFileName(path).Contains("-of-", StringComparison.Ordinal)
        || Path.GetFileName(path).Contains("-00001-of-", StringComparison.Ordinal);

    private static string NameOf(string path)
    {
        if (!path.EndsWith(Weights, StringComparison.Ordinal))
            return Path.GetFileName(path);

        string name = Path.GetFileNameWithoutExtension(path);
        return name.IndexOf("-00001-of-", StringComparison.Ordinal) is > 0 and var at ? name[..at] : name;
    }

    private ModelEntry? Pulled(string name) => Cached(name) is { } model ? Entry(name, model) : null;

    private ModelEntry Entry(string name, CachedModel model) => Entry(name, model.Name, model.Path, ModelOrigin.Hub, model.Modified);

    private IEnumerable<CachedModel> PulledModels() =>
        options.Hub is { } hub ? new ModelCache(hub).List().Where(model => model.IsComplete) : [];

    // What was pulled by a short name is looked for in lists by it.
    private string ShortNameOf(CachedModel model) => ModelNames.All
        .Where(known => known.Value == model.Repo || known.Value.StartsWith(model.Repo + ":", StringComparison.Ordinal))
        .Select(known => known.Key)
        .FirstOrDefault(name => Cached(name)?.Path == model.Path)
        ?? model.Name;

    private static CachedModel? FindCached(HubOptions hub, ModelReference reference)
    {
        try
        {
            return new ModelCache(hub).Find(reference);
        }
        catch (HubException)
        {
            // Several quantisations are here and the name does not say which.
            return null;
        }
    }
}
