namespace QwenSharp.Hub;

/// <summary>The folders that work is about to make, so that those in which nothing came to lie can be removed again.</summary>
internal sealed class EmptyFolders
{
    private readonly string _deepest;
    private readonly string? _kept;

    /// <param name="deepest">The innermost folder; what is there of its path before the work stays.</param>
    public EmptyFolders(string deepest)
    {
        _deepest = _kept = Path.GetFullPath(deepest);
        while (_kept is not null && !Directory.Exists(_kept))
            _kept = Path.GetDirectoryName(_kept);
    }

    /// <summary>Removes folders from the innermost outwards, up to the first that has something in it.</summary>
    public void Remove()
    {
        for (string? folder = _deepest; folder is not null && folder != _kept; folder = Path.GetDirectoryName(folder))
        {
            if (!Directory.Exists(folder))
                continue;
            if (Directory.EnumerateFileSystemEntries(folder).Any())
                return;

            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                // Another process has put something there in between.
                return;
            }
        }
    }
}
