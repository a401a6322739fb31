namespace QwenSharp.Agent.Workspaces;

/// <summary>
/// Files that are replaced as a whole: whoever looks, and whatever ends the program, there is the old content or the new.
/// </summary>
internal static class AtomicFile
{
    /// <summary>Puts a file in the place of the one that is there, which may be none. It has that one's mode.</summary>
    /// <param name="path">Its path, with links followed: a link would be replaced, not written through.</param>
    /// <param name="content">All of it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string directory = Path.GetDirectoryName(path) ?? throw new IOException($"{path} is no file.");
        Directory.CreateDirectory(directory);
        FileInfo old = new(path);
        if (old.Exists && old.IsReadOnly)
            throw new UnauthorizedAccessException($"{path} is read-only.");

        string temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                if (old.Exists && !OperatingSystem.IsWindows())
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(path));

                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
