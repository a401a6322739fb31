using System.Text;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Search;

/// <summary>Searches files, one after the other, through a buffer that is kept. One is used by one thread.</summary>
internal sealed class FileSearch(SearchPattern pattern)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>A line that is longer is searched in pieces.</summary>
    private const int MostLineBytes = 1 << 26;

    /// <summary>A file with a zero this early holds no text.</summary>
    private const int LookedAt = 8192;

    private readonly LineSearch _lines = new(pattern);
    private byte[] _buffer = new byte[BufferBytes];

    /// <summary>The lines of a file with a match; null where it is not text.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="most">No more than this many are wanted.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public List<FoundLine>? Search(string path, int most)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file =
            File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete, options: FileOptions.SequentialScan);
        List<FoundLine> found = [];
        // What the system makes up on reading has no length.
        long length = RandomAccess.GetLength(file), offset = 0;
        int kept = 0, line = 1;
        for (; ; )
        {
            int read = RandomAccess.Read(file, _buffer.AsSpan(kept), offset);
            ReadOnlySpan<byte> content = _buffer.AsSpan(0, kept + read);
            if (offset == 0 && content[..Math.Min(content.Length, LookedAt)].Contains((byte)0))
                return HasMark(content) ? SearchMarked(path, most) : null;

            offset += read;
            bool isEnd = read == 0 || offset == length;
            int whole = isEnd ? content.Length : content.LastIndexOf((byte)'\n') + 1;
            if (whole == 0 && !isEnd && content.Length == _buffer.Length)
                whole = Grow(content.Length);

            _lines.Search(content[..whole], line, found, most);
            if (isEnd || found.Count >= most)
                return found;

            line += content[..whole].Count((byte)'\n');
            kept = content.Length - whole;
            _buffer.AsSpan(whole, kept).CopyTo(_buffer);
        }
    }

    // The bytes of the line so far stay where they are; at the limit they count as a line.
    private int Grow(int length)
    {
        if (length >= MostLineBytes)
            return length;

        Array.Resize(ref _buffer, length * 2);
        return 0;
    }

    private static bool HasMark(ReadOnlySpan<byte> content) => content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..];

    private List<FoundLine>? SearchMarked(string path, int most)
    {
        if (TextFile.Of(File.ReadAllBytes(path)) is not { } text)
            return null;

        List<FoundLine> found = [];
        _lines.Search(Encoding.UTF8.GetBytes(text.Text), 1, found, most);
        return found;
    }
}
