using System.Runtime.InteropServices;
using System.Text;

namespace QwenSharp.Engine;

/// <summary>
/// Writes a saved prefix cache beside the one that is there, and replaces it once all is on the disk: whoever looks finds the old one or
/// the new one, whatever happens and whoever else writes. What a program that was killed has left of such a file, <see cref="CleanUp"/>
/// takes away.
/// </summary>
internal sealed class PrefixWriter : IDisposable
{
    private const string Mark = ".tmp";
    private const int Buffered = 1 << 16;

    private readonly string _path;
    private readonly string _partial;
    private readonly FileStream _file;
    private readonly Stream _stream;
    private int _records;

    /// <summary>Begins a file.</summary>
    /// <exception cref="IOException">It cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public PrefixWriter(PrefixFile file, string identity)
    {
        (_path, _partial) = (file.Path, $"{file.Path}.{Guid.NewGuid():N}{Mark}");
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = Buffered,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        _file = new FileStream(_partial, options);
        try
        {
            _stream = file.Through(_file);
            WriteHeader(Encoding.UTF8.GetBytes(identity));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Bytes that were written.</summary>
    public long Length { get; private set; }

    /// <summary>Takes away what was left half-written by programs that were killed; files that somebody writes stay.</summary>
    /// <exception cref="IOException">The folder is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked into.</exception>
    public static void CleanUp(string path)
    {
        string full = Path.GetFullPath(path);
        string[] partial = Directory.GetFiles(Path.GetDirectoryName(full)!, $"{Path.GetFileName(full)}.*{Mark}");
        foreach (string left in partial)
        {
            try
            {
                // Who writes has it alone.
                new FileStream(left, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // It takes room and does no other harm.
            }
        }
    }

    /// <summary>Writes a record.</summary>
    /// <exception cref="IOException">It cannot be written: the disk is full.</exception>
    public void Write(PrefixRecord record)
    {
        uint checksum = PrefixFormat.Checksum(_records++, record.Head);
        ReadOnlySpan<byte> payload = record.Payload.AsSpan(0, record.Head.Length);
        Put(MemoryMarshal.AsBytes([record.Head]));
        Put(MemoryMarshal.AsBytes([checksum]));
        Put(payload);
        Put(MemoryMarshal.AsBytes([PrefixFormat.Checksum(checksum, payload)]));
    }

    /// <summary>Ends the file and puts it in the place of the old one.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The old one may not be replaced.</exception>
    public void Commit()
    {
        Write(new PrefixRecord(new PrefixRecordHead(PrefixRecordKind.End, -1, _records, 0), []));
        _stream.Flush();
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_partial, _path, overwrite: true);
    }

    /// <summary>Takes away a file that was not committed.</summary>
    public void Dispose()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // The rest does not fit either.
        }

        try
        {
            File.Delete(_partial);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next start tries again.
        }
    }

    private void WriteHeader(byte[] identity)
    {
        byte[] header =
        [
            .. PrefixFormat.Magic,
            .. BitConverter.GetBytes(PrefixFormat.Version),
            .. BitConverter.GetBytes(identity.Length),
            .. identity,
        ];
        Put(header);
        Put(MemoryMarshal.AsBytes([PrefixFormat.Checksum(0, header)]));
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        Length += bytes.Length;
    }
}
