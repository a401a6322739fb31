namespace QwenSharp.Hub;

/// <summary>Which files of a repository make a model.</summary>
internal static class FileSelection
{
    // What this program and its peers read. Pickles (.bin, .pth, .pt) run code when they are opened, and ONNX is another runtime's.
    private static readonly string[] Wanted = [".safetensors", ".json", ".jinja", ".txt", ".model", ".tiktoken"];
    private static readonly string[] Weights = [".gguf", ".safetensors", ".bin", ".pth", ".pt", ".onnx"];
    private static readonly string[] OtherRuntimes = ["onnx/", "openvino/", "coreml/", "original/", "runs/"];

    /// <summary>Picks the files to pull, in the order to pull them.</summary>
    /// <returns>The files, and the quantisation where they are GGUF.</returns>
    /// <exception cref="HubException">It is not clear which, or there is no model.</exception>
    public static (IReadOnlyList<RepoFile> Files, string? Quant) Choose(RepoListing listing, ModelReference model)
    {
        Dictionary<string, RepoFile> files = [];
        foreach (RepoFile file in listing.Files)
        {
            if (!files.TryAdd(file.Path, file))
                throw new HubException($"The list of {listing.Repo} names {file.Path} twice.");
        }

        IReadOnlyList<GgufSet> sets = GgufSet.Of(files.Keys);
        if (model.File is { } single && !sets.Any(set => set.Paths.Contains(single)))
        {
            return files.TryGetValue(single, out RepoFile? named)
                ? ([named], null)
                : throw new HubException($"{listing.Repo} has no file {single}.");
        }

        // The name of a file is that file, though it be no model: an encoder of images, an importance matrix.
        if (
            model.Quant is { } quant
            && !sets.Any(set => set.Paths.Contains(quant))
            && (files.TryGetValue(quant, out RepoFile? exact) || files.TryGetValue(quant + ".gguf", out exact))
            && !sets.Any(set => set.Paths.Contains(exact.Path)))
        {
            return ([exact], null);
        }

        if (sets.Count == 0)
            return (Checkpoint(listing, model), null);

        GgufSet chosen = model.File is { } path
            ? sets.Single(set => set.Paths.Contains(path))
            : GgufSet.Choose(sets, model.Quant, listing.Repo);
        return chosen.IsComplete
            ? ([.. chosen.Paths.Select(part => files[part])], chosen.Quant)
            : throw new HubException(
                $"{listing.Repo} has {chosen.Paths.Count} of the {chosen.Shards} files of {chosen.Stem}; the repository is not complete.");
    }

    /// <summary>Whether a file is part of a Hugging Face checkpoint.</summary>
    public static bool IsOfCheckpoint(string path) =>
        Wanted.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
        && !OtherRuntimes.Any(folder => path.StartsWith(folder, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a file holds weights of any format: what makes a cached repository worth keeping.</summary>
    public static bool IsWeights(string path) => Weights.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private static IReadOnlyList<RepoFile> Checkpoint(RepoListing listing, ModelReference model)
    {
        if (model.Quant is { } quant)
        {
            throw new HubException(
                $"{listing.Repo} has no GGUF files, so there is no {quant} to choose. Pull {listing.Repo} as it is, or a repository whose "
                    + "name ends in GGUF."
            );
        }

        IReadOnlyList<RepoFile> files = [.. listing.Files.Where(file => IsOfCheckpoint(file.Path)).OrderBy(file => file.Size)];
        return files.Any(file => file.Path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            ? files
            : throw new HubException($"{listing.Repo} has neither GGUF nor safetensors files; there is no model to pull.");
    }
}
