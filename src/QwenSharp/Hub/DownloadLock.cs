namespace QwenSharp.Hub;

/// <summary>
/// Keeps two processes from transferring the same file: an open file that nobody else may open. On Unix .NET takes it with flock(2), as
/// Python's filelock does, so that huggingface_hub waits for us and we for it. The system lets go of it when a process dies.
/// </summary>
internal static class DownloadLock
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for the lock and takes it.</summary>
    /// <param name="path">The lock file; it stays behind, as other tools leave theirs.</param>
    /// <param name="waiting">Called once if another process holds it.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The lock; disposing lets go.</returns>
    public static async Task<IDisposable> TakeAsync(string path, Action? waiting, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool first = true; ; first = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (IsHeld(held))
            {
                if (first)
                    waiting?.Invoke();
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    // EWOULDBLOCK of flock(2) on Linux and on macOS; sharing and lock violations on Windows.
    private static bool IsHeld(IOException failure) => failure.HResult is unchecked((int)0x80070020) or unchecked((int)0x80070021)
        || (OperatingSystem.IsWindows() ? false : failure.HResult is 11 or 35);
}
