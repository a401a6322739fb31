using System.Numerics;
using System.Runtime.InteropServices;

namespace QwenSharp.Engine;

/// <summary>
/// How a saved prefix cache is written: a header with what it is of, and records, each with a head and a payload. Whatever a record refers
/// to stands before it, and what was used last stands first, so that any beginning of the file is a cache too. Numbers are those of the
/// machine, little-endian everywhere that .NET runs today.
/// </summary>
/// <remarks>
/// Header: the eight bytes of <see cref="Magic"/>, <see cref="Version"/>, the length of the identity, the identity in UTF-8, a checksum.
/// Record: <see cref="PrefixRecordHead"/>, a checksum of it that begins with the record's number, the payload, a checksum of that, which
/// begins with the first. Checksums are CRC-32C.
/// </remarks>
internal static class PrefixFormat
{
    /// <summary>To be counted up with every change of what a file holds.</summary>
    public const int Version = 1;

    /// <summary>The longest identity that is read.</summary>
    public const int LongestIdentity = 1 << 16;

    /// <summary>The longest payload of a root: what tells an adapter from others.</summary>
    public const int LongestName = 1 << 12;

    /// <summary>How each file begins.</summary>
    public static ReadOnlySpan<byte> Magic => "QWPREFIX"u8;

    /// <summary>CRC-32C (Castagnoli), going on from that of what stands before.</summary>
    public static uint Checksum(uint before, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~before;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);

        return ~crc;
    }

    /// <summary>The checksum of a record's head.</summary>
    /// <param name="number">How many records stand before.</param>
    /// <param name="head">The head.</param>
    public static uint Checksum(int number, PrefixRecordHead head) =>
        Checksum((uint)number, MemoryMarshal.AsBytes(new ReadOnlySpan<PrefixRecordHead>(in head)));
}

/// <summary>What a record is.</summary>
internal enum PrefixRecordKind
{
    /// <summary>Where the prompts of an adapter begin; the payload tells which, empty for the model as it is.</summary>
    Root = 1,

    /// <summary>A block: its tokens, and its keys and values in the order of the backend.</summary>
    Block,

    /// <summary>A recurrent state that stands in a block.</summary>
    State,

    /// <summary>The end of a file that is whole.</summary>
    End,
}

/// <summary>What stands before the payload of a record.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Parent">The number of the record that it stands on; −1 for none.</param>
/// <param name="Count">A block's tokens, a state's position, or how many records stand before the end; else 0.</param>
/// <param name="Length">Bytes of the payload.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct PrefixRecordHead(PrefixRecordKind Kind, int Parent, int Count, int Length);

/// <summary>A record with its payload, in an array that is rented.</summary>
internal readonly record struct PrefixRecord(PrefixRecordHead Head, byte[] Payload);
