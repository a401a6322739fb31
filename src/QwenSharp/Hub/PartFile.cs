using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QwenSharp.Hub;

/// <summary>
/// A file in the making: <c>TARGET.part</c> takes the bytes in ranges of one length, and <c>TARGET.ranges</c> says how many bytes of each
/// are safely on disk,
/// so that a transfer goes on after a break, a kill or a power cut. Bytes are flushed before they are marked. Ranges may be written from
/// several threads, each from one.
/// </summary>
/// <remarks>
/// The journal, little-endian: magic, file length, range length (8 bytes each), SHA-256 of what identifies the content (32 bytes), then 8
/// bytes a range.
/// </remarks>
internal sealed class PartFile : IDisposable
{
    private const ulong Magic = 0x3153474e41525351; // "QSRANGS1"
    private const int HeaderLength = 56;

    private readonly string _target;
    private readonly long _markSize;
    private readonly SafeFileHandle _part;
    private readonly SafeFileHandle _journal;
    private readonly long[] _written;
    private readonly long[] _marked;

    private PartFile(string target, long length, long rangeSize, long markSize, SafeFileHandle part, SafeFileHandle journal, long[] done)
    {
        (_target, Length, RangeSize, _markSize, _part, _journal) = (target, length, rangeSize, markSize, part, journal);
        (_written, _marked) = (done, [.. done]);
    }

    /// <summary>The length of the whole file.</summary>
    public long Length { get; }

    /// <summary>The length of each range but the last.</summary>
    public long RangeSize { get; }

    /// <summary>The number of ranges; at least 1.</summary>
    public int Ranges => _written.Length;

    /// <summary>The path that holds the bytes until they are complete.</summary>
    public string Path => PathOf(_target);

    /// <summary>Bytes that have come.</summary>
    public long Done => _written.Sum();

    /// <summary>Where the bytes of a file in the making are.</summary>
    public static string PathOf(string target) => target + ".part";

    /// <summary>Where its journal is.</summary>
    public static string JournalOf(string target) => target + ".ranges";

    /// <summary>How long a file in the making is so far, holes included; 0 where there is none.</summary>
    public static long BytesAt(string target) => new FileInfo(PathOf(target)) is { Exists: true } part ? part.Length : 0;

    /// <summary>Deletes a file in the making of which nothing has come.</summary>
    public static void DeleteIfEmpty(string target)
    {
        if (BytesAt(target) > 0 || !Directory.Exists(System.IO.Path.GetDirectoryName(target)))
            return;

        File.Delete(PathOf(target));
        File.Delete(JournalOf(target));
    }

    /// <summary>Opens what an earlier transfer of the same content left, or begins.</summary>
    /// <param name="target">Where the complete file will be.</param>
    /// <param name="length">Its length.</param>
    /// <param name="identity">What identifies the content: a part of other content is thrown away.</param>
    /// <param name="rangeSize">The length of a range; parts cut differently go on as they were cut.</param>
    /// <param name="markSize">Bytes of a range between two marks.</param>
    public static PartFile Open(string target, long length, string identity, long rangeSize, long markSize)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
        SafeFileHandle journal = File.OpenHandle(JournalOf(target), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        SafeFileHandle? part = null;
        try
        {
            byte[] content = SHA256.HashData(Encoding.UTF8.GetBytes(identity));
            long[]? done = ReadJournal(journal, length, content, out long size);
            if (done is null || BytesAt(target) < Furthest(done, size))
            {
                part = File.OpenHandle(PathOf(target), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
                size = rangeSize;
                done = new long[Math.Max(1, (length + size - 1) / size)];
                WriteJournal(journal, length, size, content, done);
            }

            part ??= File.OpenHandle(PathOf(target), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

            return new PartFile(target, length, size, markSize, part, journal, done);
        }
        catch
        {
            part?.Dispose();
            journal.Dispose();
            throw;
        }
    }

    /// <summary>Begins again with one range, for a server that gives only whole files.</summary>
    public PartFile InOnePiece(string identity)
    {
        Dispose();
        File.Delete(JournalOf(_target));
        return Open(_target, Length, identity, Math.Max(1, Length), _markSize);
    }

    /// <summary>The next byte of a range that is wanted, counted from the start of the file.</summary>
    public long Position(int range) => range * RangeSize + _written[range];

    /// <summary>Bytes of a range that are still to come.</summary>
    public long Remaining(int range) => Math.Min(RangeSize, Length - range * RangeSize) - _written[range];

    /// <summary>Puts the next bytes of a range in place.</summary>
    public void Append(int range, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_part, bytes, Position(range));
        _written[range] += bytes.Length;
        if (_written[range] - _marked[range] >= _markSize || Remaining(range) == 0)
            Mark(range);
    }

    /// <summary>Makes what has come of a range safe: flushes it, then says so in the journal.</summary>
    public void Mark(int range)
    {
        if (_written[range] == _marked[range])
            return;

        RandomAccess.FlushToDisk(_part);
        Span<byte> mark = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(mark, _written[range]);
        RandomAccess.Write(_journal, mark, HeaderLength + sizeof(long) * (long)range);
        _marked[range] = _written[range];
    }

    /// <summary>Takes a range from its start again.</summary>
    /// <returns>The bytes that no longer count.</returns>
    public long Rewind(int range)
    {
        long lost = _written[range];
        _written[range] = 0;
        Mark(range);
        return lost;
    }

    /// <summary>Closes the file and gives it its name, in one step that cannot be half done.</summary>
    public void Finish()
    {
        RandomAccess.FlushToDisk(_part);
        Dispose();
        File.Move(Path, _target, overwrite: true);
        File.Delete(JournalOf(_target));
    }

    /// <summary>Throws away what has come.</summary>
    public void Discard()
    {
        Dispose();
        File.Delete(JournalOf(_target));
        File.Delete(Path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _part.Dispose();
        _journal.Dispose();
    }

    /// <summary>The marks of a journal that fits this content; null where it is another's, cut short or nonsense.</summary>
    private static long[]? ReadJournal(SafeFileHandle journal, long length, ReadOnlySpan<byte> content, out long rangeSize)
    {
        rangeSize = 0;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (RandomAccess.Read(journal, header, 0) < HeaderLength
            || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic
            || BinaryPrimitives.ReadInt64LittleEndian(header[8..]) != length
            || !header[24..].SequenceEqual(content))
        {
            return null;
        }

        rangeSize = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        long count = rangeSize <= 0 ? 0 : Math.Max(1, (length - 1) / rangeSize + 1);
        if (count == 0 || RandomAccess.GetLength(journal) != HeaderLength + sizeof(long) * count)
            return null;

        byte[] marks = new byte[sizeof(long) * count];
        if (RandomAccess.Read(journal, marks, HeaderLength) < marks.Length)
            return null;

        long[] done = new long[count];
        for (int i = 0; i < done.Length; i++)
        {
            done[i] = BinaryPrimitives.ReadInt64LittleEndian(marks.AsSpan(sizeof(long) * i));
            if (done[i] < 0 || done[i] > Math.Min(rangeSize, length - i * rangeSize))
                return null;
        }

        return done;
    }

    private static long Furthest(long[] done, long rangeSize)
    {
        int last = Array.FindLastIndex(done, bytes => bytes > 0);
        return last < 0 ? 0 : last * rangeSize + done[last];
    }

    private static void WriteJournal(SafeFileHandle journal, long length, long rangeSize, ReadOnlySpan<byte> content, long[] done)
    {
        byte[] bytes = new byte[HeaderLength + sizeof(long) * done.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), rangeSize);
        content.CopyTo(bytes.AsSpan(24));
        RandomAccess.SetLength(journal, 0);
        RandomAccess.Write(journal, bytes, 0);
        RandomAccess.FlushToDisk(journal);
    }
}
