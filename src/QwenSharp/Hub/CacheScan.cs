using System.Text.Json;

namespace QwenSharp.Hub;

/// <summary>Finds the models in cache folders, by the names of their files.</summary>
internal static class CacheScan
{
    private const string Config = "config.json";
    private const string Index = "model.safetensors.index.json";

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = 0,
        MaxRecursionDepth = 16,
    };

    /// <summary>Models in <c>models--ORG--NAME</c> folders.</summary>
    /// <param name="cache">The folder that holds them.</param>
    /// <param name="repo">Only this repository; null for all.</param>
    public static IEnumerable<CachedModel> HuggingFace(string cache, string? repo)
    {
        foreach (string folder in Folders(cache))
        {
            if (
                SnapshotStore.RepoOf(folder) is not { } name
                || (repo is not null && !name.Equals(repo, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            string main = Path.Combine(folder, "refs", "main");
            string? current = File.Exists(main) ? File.ReadAllText(main).Trim() : null;
            foreach (string snapshot in Folders(Path.Combine(folder, "snapshots")))
            {
                foreach (CachedModel model in In(snapshot, HubKind.HuggingFace, name))
                    yield return model with { Revision = Path.GetFileName(snapshot), IsCurrent = Path.GetFileName(snapshot) == current };
            }

            if (Unfinished(Path.Combine(folder, "blobs"), HubKind.HuggingFace, name, folder) is { } rest)
                yield return rest;
        }
    }

    /// <summary>Models in <c>models/ORG/NAME</c> folders.</summary>
    /// <param name="cache">The folder that holds <c>models</c>.</param>
    /// <param name="repo">Only this repository; null for all.</param>
    public static IEnumerable<CachedModel> ModelScope(string cache, string? repo)
    {
        foreach (string org in Folders(Path.Combine(cache, "models")))
        {
            foreach (string folder in Folders(org))
            {
                string name = $"{Path.GetFileName(org)}/{FolderStore.NameOf(Path.GetFileName(folder))}";
                if (!RepoNames.IsRepo(name) || (repo is not null && !name.Equals(repo, StringComparison.OrdinalIgnoreCase)))
                    continue;

                foreach (CachedModel model in In(folder, HubKind.ModelScope, name))
                    yield return model with { IsCurrent = true };

                if (Unfinished(FolderStore.WaitingRoom(folder), HubKind.ModelScope, name, folder) is { } rest)
                    yield return rest;
            }
        }
    }

    /// <summary>The content behind a path, through links; null where a link leads nowhere.</summary>
    public static FileInfo? Real(string path) =>
        (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? new FileInfo(path)) is { Exists: true } file
            ? file
            : null;

    /// <summary>All files below a folder, links included.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", Everything) : [];

    private static IEnumerable<CachedModel> In(string folder, HubKind hub, string repo)
    {
        Dictionary<string, FileInfo> files = [];
        foreach (string path in FilesIn(folder))
        {
            string name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            if (name[0] != '.' && Real(path) is { } real)
                files.Add(name, real);
        }

        foreach (GgufSet set in GgufSet.Of(files.Keys).Where(set => set.IsComplete))
            yield return Model(hub, repo, set.Quant, folder, At(folder, set.Paths[0]), files, set.Paths);

        if (IsCheckpoint(folder, files))
            yield return Model(hub, repo, null, folder, folder, files, [.. files.Keys.Where(FileSelection.IsOfCheckpoint)]);
    }

    private static CachedModel Model(
        HubKind hub,
        string repo,
        string? quant,
        string folder,
        string path,
        Dictionary<string, FileInfo> files,
        IReadOnlyList<string> names
    ) =>
        new()
        {
            Hub = hub,
            Repo = repo,
            Quant = quant,
            Revision = "",
            Path = path,
            Files = [.. names.Select(name => At(folder, name))],
            Names = names,
            Bytes = names.Sum(name => files[name].Length),
            Modified = names.Max(name => files[name].LastWriteTimeUtc),
        };

    /// <summary>Whether a checkpoint is there with all its weights; tools also cache a configuration or a tokenizer alone.</summary>
    private static bool IsCheckpoint(string folder, Dictionary<string, FileInfo> files)
    {
        if (!files.ContainsKey(Config))
            return false;
        if (!files.TryGetValue(Index, out FileInfo? index))
            return files.ContainsKey("model.safetensors");

        try
        {
            using FileStream stream = index.OpenRead();
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.Field("weight_map") is { ValueKind: JsonValueKind.Object } map
                && map.EnumerateObject().All(weight => weight.Value.AsText() is { } file && files.ContainsKey(file));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static CachedModel? Unfinished(string folder, HubKind hub, string repo, string path)
    {
        FileInfo[] parts =
        [
            .. FilesIn(folder)
                .Where(file => file.EndsWith(PartFile.PathOf(""), StringComparison.Ordinal))
                .Select(file => new FileInfo(file)),
        ];
        return parts.Length == 0
            ? null
            : new CachedModel
            {
                Hub = hub,
                Repo = repo,
                Revision = "",
                IsComplete = false,
                Path = path,
                Files = [.. parts.Select(part => part.FullName)],
                Bytes = parts.Sum(part => part.Length),
                Modified = parts.Max(part => part.LastWriteTimeUtc),
            };
    }

    private static string At(string folder, string name) => Path.Combine(folder, Path.Combine(name.Split('/')));

    private static IEnumerable<string> Folders(string path) =>
        Directory.Exists(path)
            ? Directory
                .EnumerateDirectories(path)
                .Where(folder => !Path.GetFileName(folder).StartsWith('.') && new DirectoryInfo(folder).LinkTarget is null)
                .Order(StringComparer.Ordinal)
            : [];
}
