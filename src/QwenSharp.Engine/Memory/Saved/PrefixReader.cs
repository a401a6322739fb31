using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using QwenSharp.Numerics;

namespace QwenSharp.Engine;

/// <summary>
/// Reads a saved prefix cache into an empty pool, which keeps as much as it has room for. Nothing is used whose checksum is not right; what
/// stands on something that is not used is not used either.
/// </summary>
internal sealed class PrefixReader
{
    private readonly MemoryPool _pool;
    private readonly PrefixCache _prefixes;
    private readonly PrefixFile _file;
    private readonly KvStore _cache;
    private readonly RecurrentStore? _states;
    private readonly int _vocabulary;

    // By number; null where a record is not used.
    private readonly List<PrefixNode?> _nodes = [];
    private readonly List<PrefixNode> _blocks = [];
    private int _damaged;
    private int _unknown;

    private PrefixReader(MemoryPool pool, PrefixFile file)
    {
        (_pool, _prefixes, _file) = (pool, pool.Prefixes!, file);
        (_cache, _states) = (pool.Runner.Cache, pool.Runner.States);
        _vocabulary = pool.Runner.Model.Config.VocabularySize;
    }

    /// <summary>Reads what is there. Whatever is wrong with it is told, and changes nothing else.</summary>
    /// <param name="pool">Where it goes.</param>
    /// <param name="file">The file; there need be none.</param>
    /// <param name="identity">What the pool's blocks are of.</param>
    public static void Read(MemoryPool pool, PrefixFile file, string identity)
    {
        PrefixReader reader = new(pool, file);
        try
        {
            using FileStream stream = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (HeaderFault(stream, identity) is { } fault)
                file.Notice?.Invoke($"The saved prefix cache {file.Path} is not used: {fault}.");
            else
                reader.ReadRecords(stream);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // Nothing was saved yet.
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            file.Notice?.Invoke($"The saved prefix cache {file.Path} cannot be read: {fault.Message}");
        }
        finally
        {
            reader.GiveBack();
        }
    }

    /// <summary>Why the file as a whole is not used; null where it is.</summary>
    private static string? HeaderFault(Stream stream, string identity)
    {
        byte[] begin = new byte[PrefixFormat.Magic.Length + (2 * sizeof(int))];
        if (stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) < begin.Length
            || !begin.AsSpan().StartsWith(PrefixFormat.Magic))
        {
            return "it is none";
        }

        int version = BitConverter.ToInt32(begin, PrefixFormat.Magic.Length);
        if (version != PrefixFormat.Version)
            return $"it has version {version} of the format, and this program reads {PrefixFormat.Version}";

        int length = BitConverter.ToInt32(begin, PrefixFormat.Magic.Length + sizeof(int));
        if (length is < 0 or > PrefixFormat.LongestIdentity)
            return "its header is damaged";

        byte[] rest = new byte[length + sizeof(uint)];
        if (stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length
            || BitConverter.ToUInt32(rest, length) != PrefixFormat.Checksum(0, [.. begin, .. rest.AsSpan(0, length)]))
        {
            return "its header is damaged";
        }

        string its = Encoding.UTF8.GetString(rest, 0, length);
        return its == identity ? null : $"it was saved with another {PrefixIdentity.Difference(its, identity)}";
    }

    private void ReadRecords(Stream stream)
    {
        byte[] payload = ArrayPool<byte>.Shared.Rent(
            Math.Max(PrefixFormat.LongestName, Math.Max(BlockLength(KvStore.BlockTokens), StateLength)));
        try
        {
            bool isWhole = TryReadAll(stream, payload);
            if (!isWhole || _damaged > 0)
            {
                _file.Notice?.Invoke(
                    $"The saved prefix cache {_file.Path} is {(isWhole ? $"damaged in {_damaged} places" : "damaged or cut off")}: "
                        + $"{_blocks.Count} blocks of it are used.");
            }

            if (_unknown > 0)
            {
                _file.Notice?.Invoke(
                    $"The saved prefix cache {_file.Path} has prompts of {_unknown} adapters that are not loaded; they are not used.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(payload);
        }
    }

    private int StateLength => _states is null ? 0 : checked((int)_states.SlotBytes);

    private int BlockLength(int tokens) => (tokens * sizeof(int)) + _cache.StoredBytes;

    /// <summary>Reads up to the end; false where that is not there.</summary>
    private bool TryReadAll(Stream stream, byte[] payload)
    {
        Span<byte> bytes = stackalloc byte[Marshal.SizeOf<PrefixRecordHead>() + sizeof(uint)];
        while (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length)
        {
            PrefixRecordHead head = MemoryMarshal.Read<PrefixRecordHead>(bytes);
            uint checksum = BitConverter.ToUInt32(bytes[^sizeof(uint)..]);
            if (checksum != PrefixFormat.Checksum(_nodes.Count, head) || !IsPossible(head))
                return false;
            if (head.Kind == PrefixRecordKind.End)
                return true;

            Span<byte> content = payload.AsSpan(0, head.Length);
            Span<byte> sum = bytes[..sizeof(uint)];
            if (!IsWanted(head))
            {
                stream.Seek(head.Length + sum.Length, SeekOrigin.Current);
                _nodes.Add(null);
            }
            else if (stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length
                || stream.ReadAtLeast(sum, sum.Length, throwOnEndOfStream: false) < sum.Length)
            {
                return false;
            }
            else if (BitConverter.ToUInt32(sum) != PrefixFormat.Checksum(checksum, content))
            {
                _damaged++;
                _nodes.Add(null);
            }
            else
            {
                _nodes.Add(Use(head, content));
            }
        }

        return false;
    }

    /// <summary>Whether a head can be meant; the lengths that follow from it are those of this model.</summary>
    private bool IsPossible(PrefixRecordHead head) => head.Kind switch
    {
        PrefixRecordKind.Root => head is { Parent: -1, Count: 0, Length: >= 0 and <= PrefixFormat.LongestName },
        PrefixRecordKind.Block => (uint)head.Parent < (uint)_nodes.Count
            && head.Count is >= 1 and <= KvStore.BlockTokens
            && head.Length == BlockLength(head.Count),
        PrefixRecordKind.State => _states is not null
            && (uint)head.Parent < (uint)_nodes.Count
            && head.Count > 0
            && head.Length == StateLength,
        PrefixRecordKind.End => head.Count == _nodes.Count && head is { Parent: -1, Length: 0 },
        _ => false,
    };

    /// <summary>Whether there is room for it, and what it stands on is there.</summary>
    private bool IsWanted(PrefixRecordHead head)
    {
        if (head.Kind == PrefixRecordKind.Root)
            return true;

        PrefixNode? parent = _nodes[head.Parent];
        return head.Kind == PrefixRecordKind.Block
            ? parent is not null && (parent.Parent is null || parent.IsFull) && _pool.Blocks.Free > 0
            : parent is { Parent: not null }
                && _prefixes.Has(parent)
                && head.Count > parent.Start && head.Count <= parent.End
                && parent.StateAt(head.Count) is null
                && _pool.FreeKeptSlots > 0;
    }

    private PrefixNode? Use(PrefixRecordHead head, ReadOnlySpan<byte> content) => head.Kind switch
    {
        PrefixRecordKind.Root => RootOf(Encoding.UTF8.GetString(content)),
        PrefixRecordKind.Block => UseBlock(
            _nodes[head.Parent]!, MemoryMarshal.Cast<byte, int>(content[..(head.Count * sizeof(int))]), content),
        _ => UseState(_nodes[head.Parent]!, head.Count, MemoryMarshal.Cast<byte, float>(content)),
    };

    private PrefixNode? RootOf(string adapter)
    {
        if (adapter == "")
            return _prefixes.RootOf(null);
        if (_file.Adapters.TryGetValue(adapter, out Models.FittedAdapter? fitted))
            return _prefixes.RootOf(fitted);

        _unknown++;
        return null;
    }

    private PrefixNode? UseBlock(PrefixNode parent, ReadOnlySpan<int> tokens, ReadOnlySpan<byte> content)
    {
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)_vocabulary)
            {
                _damaged++;
                return null;
            }
        }

        int block = _pool.TakeBlock();
        _cache.Write(block, content[(tokens.Length * sizeof(int))..]);
        PrefixNode node = _prefixes.Keep(parent, tokens, block);
        if (node.Block != block)
            _pool.Blocks.Return(block);
        else
            _blocks.Add(node);

        return node;
    }

    // What was used last comes first.
    private PrefixNode? UseState(PrefixNode node, int position, ReadOnlySpan<float> content)
    {
        int slot = _pool.TakeKeptSlot()!.Value;
        _states!.Write(slot, position, content);
        _prefixes.KeepAsOldest(node, new KeptState(position, slot));
        return null;
    }

    // As sequences do: from the end, what was used longest ago first.
    private void GiveBack()
    {
        for (int i = _blocks.Count - 1; i >= 0; i--)
            _pool.Blocks.Return(_blocks[i].Block);
    }
}
