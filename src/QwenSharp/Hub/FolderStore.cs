using System.Security.Cryptography;
using System.Text;

namespace QwenSharp.Hub;

/// <summary>
/// A plain folder with the files of a repository: one that a person names, or ModelScope's <c>models/ORG/NAME</c>. What is on the way waits
/// in <c>.qwensharp</c> inside it.
/// </summary>
internal sealed class FolderStore(string folder) : IModelStore
{
    private const string Waiting = ".qwensharp";

    // ModelScope's spelling of '.' in folder names, which Python could not import.
    private const string Dot = "___";

    public string Folder => folder;

    /// <summary>The folder of a repository in ModelScope's cache.</summary>
    public static string InModelScope(string cache, string repo) =>
        Path.Combine(
            cache,
            "models",
            Path.Combine(repo.Split('/') is [var org, var name] ? [org, name.Replace(".", Dot, StringComparison.Ordinal)] : [repo]));

    /// <summary>The repository's name that a folder of ModelScope's cache stands for.</summary>
    public static string NameOf(string folder) => folder.Replace(Dot, ".", StringComparison.Ordinal);

    /// <summary>Where the files on the way wait.</summary>
    public static string WaitingRoom(string folder) => Path.Combine(folder, Waiting);

    public string StagedPath(RepoFile file) =>
        Path.Combine(WaitingRoom(folder), file.Hash?.Hex ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(file.Path))));

    public string LockPath(RepoFile file) => StagedPath(file) + ".lock";

    public async Task<bool> HasAsync(RepoFile file, FileProgress progress, CancellationToken cancellationToken)
    {
        if (HasLength(StagedPath(file), file))
            return true;

        string named = NamedPath(file);
        if (!HasLength(named, file) || file.Hash is not { } hash)
            return false;

        // Anyone may have written here; only the content tells.
        progress.Check();
        return await hash.MatchesAsync(named, progress.Add, cancellationToken).ConfigureAwait(false);
    }

    public void Abandon(IReadOnlyList<RepoFile> files)
    {
        foreach (
            RepoFile file in files.Where(file =>
                Directory.Exists(WaitingRoom(folder)) && !File.Exists(StagedPath(file)) && !File.Exists(PartFile.PathOf(StagedPath(file)))))
        {
            File.Delete(LockPath(file));
        }
    }

    public void Publish(IReadOnlyList<RepoFile> files)
    {
        // Files of the same content wait in one place.
        foreach (IGrouping<string, RepoFile> same in files.GroupBy(StagedPath))
        {
            string[] places = [.. same.Select(NamedPath)];
            foreach (string named in places)
                Directory.CreateDirectory(Path.GetDirectoryName(named)!);

            if (!File.Exists(same.Key))
                continue;

            foreach (string named in places[1..])
                File.Copy(same.Key, named, overwrite: true);

            File.Move(same.Key, places[0], overwrite: true);
        }

        // Others may have something on the way here, and keep the folder.
        if (!Directory.Exists(WaitingRoom(folder)))
            return;

        foreach (RepoFile file in files)
            File.Delete(LockPath(file));

        if (!Directory.EnumerateFileSystemEntries(WaitingRoom(folder)).Any())
            Directory.Delete(WaitingRoom(folder));
    }

    private string NamedPath(RepoFile file) => Path.Combine(folder, Path.Combine(file.Path.Split('/')));

    private static bool HasLength(string path, RepoFile file) => new FileInfo(path) is { Exists: true } found && found.Length == file.Size;
}
