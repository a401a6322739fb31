using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Tokenizers;

/// <summary>How often each piece of text occurs.</summary>
internal sealed class PieceCounts
{
    private readonly Dictionary<byte[], long> _counts = new(ByteString.Comparer);
    private readonly Dictionary<byte[], long>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;

    public PieceCounts() => _bySpan = _counts.GetAlternateLookup<ReadOnlySpan<byte>>();

    public IReadOnlyDictionary<byte[], long> Counts => _counts;

    public void Add(ReadOnlySpan<byte> piece) => CollectionsMarshal.GetValueRefOrAddDefault(_bySpan, piece, out _)++;
}

/// <summary>Bytes as a key, looked up by a span.</summary>
internal sealed class ByteString : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static ByteString Comparer { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode([DisallowNull] byte[] bytes) => GetHashCode(bytes.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public int GetHashCode(ReadOnlySpan<byte> bytes)
    {
        const ulong Golden = 0x9E3779B97F4A7C15;
        ulong hash = (ulong)bytes.Length;
        for (; bytes.Length >= 8; bytes = bytes[8..])
            hash = (BitOperations.RotateLeft(hash, 29) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * Golden;

        ulong rest = 0;
        foreach (byte value in bytes)
            rest = rest << 8 | value;

        hash = (BitOperations.RotateLeft(hash, 29) ^ rest) * Golden;
        return (int)(hash ^ hash >> 32);
    }
}
