namespace QwenSharp.Hub;

/// <summary>Room on disk: asked for before a transfer, and recognised when it runs out in the middle.</summary>
internal static class DiskSpace
{
    // errno of write(2): ENOSPC and EDQUOT (Linux 122, macOS 69); and Windows' ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private const int NoSpace = 28;
    private const int QuotaLinux = 122;
    private const int QuotaMac = 69;
    private const int DiskFull = unchecked((int)0x80070070);
    private const int HandleDiskFull = unchecked((int)0x80070027);

    /// <summary>Bytes that this user may still write in the file system of a path; null where the system does not say.</summary>
    public static long? FreeAt(string path)
    {
        try
        {
            string existing = Path.GetFullPath(path);
            while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
                existing = parent;

            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(existing)! : existing).AvailableFreeSpace;
        }
        catch (Exception unknown) when (unknown is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Demands room before anything is transferred.</summary>
    /// <exception cref="HubException">There is less than needed.</exception>
    public static void Require(string path, long needed, Func<string, long?> freeAt)
    {
        if (freeAt(path) is { } free && free < needed)
            throw Full(path, needed, free, null);
    }

    /// <summary>Whether a write failed for lack of room.</summary>
    public static bool IsFull(IOException failure) => failure.HResult is DiskFull or HandleDiskFull
        || (!OperatingSystem.IsWindows() && failure.HResult is NoSpace or QuotaLinux or QuotaMac);

    /// <summary>The error for a disk that is full.</summary>
    public static HubException Full(string path, long needed, long? free, Exception? inner) => new(
        $"The disk is full: {Megabytes(needed)} more are needed at {Path.GetDirectoryName(Path.GetFullPath(path))}"
        + $"{(free is { } bytes ? $" and {Megabytes(bytes)} are free" : "")}. Make room and pull again; what has come is kept.", inner);

    private static string Megabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e6:0.0} MB");
}
