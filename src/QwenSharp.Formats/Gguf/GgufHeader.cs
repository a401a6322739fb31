using System.Buffers.Binary;
using System.Numerics;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// Where a tensor lies: <paramref name="Offset"/> counts from the start of the file, <paramref name="Shape"/> begins with the contiguous
/// dimension.
/// </summary>
internal sealed record GgufTensorInfo(string Name, TensorType Type, long[] Shape, long Offset, long ByteLength);

/// <summary>
/// Everything in a GGUF file but the tensors' data, read and checked: each tensor lies inside the file and overlaps no other.
/// </summary>
internal sealed record GgufHeader(
    uint Version,
    int Alignment,
    OrderedDictionary<string, GgufValue> Metadata,
    IReadOnlyList<GgufTensorInfo> Tensors)
{
    public const string AlignmentKey = "general.alignment";
    public const int DefaultAlignment = 32;
    public const int MaxDimensions = 4;

    public static ReadOnlySpan<byte> Magic => "GGUF"u8;

    // The least that an entry takes: key (length, one byte), type, value; name, dimension count, one dimension, type, offset.
    private const int MinimumEntry = sizeof(ulong) + 1 + sizeof(uint) + 1;
    private const int MinimumTensor = sizeof(ulong) + 1 + sizeof(uint) + sizeof(ulong) + sizeof(uint) + sizeof(ulong);

    // Far above any real model, and low enough that a file made of nothing but entries cannot ask for many times its own size.
    private const int MaxEntries = 1 << 16;
    private const int MaxTensors = 1 << 20;

    /// <summary>Reads the header from the first bytes of a file.</summary>
    /// <param name="filePath">Named in faults.</param>
    /// <param name="bytes">The whole file, or its first 2 GiB.</param>
    /// <param name="fileLength">The size of the whole file in bytes.</param>
    /// <exception cref="GgufException">The file is not a valid GGUF file.</exception>
    public static GgufHeader Read(string filePath, ReadOnlySpan<byte> bytes, long fileLength)
    {
        GgufReader reader = new(filePath, bytes, fileLength);
        uint version = Preamble(ref reader, bytes);
        int tensorCount = Limited(ref reader, "tensor count", MinimumTensor, MaxTensors);
        int entryCount = Limited(ref reader, "metadata count", MinimumEntry, MaxEntries);

        OrderedDictionary<string, GgufValue> metadata = ReadMetadata(ref reader, bytes, entryCount);
        int alignment = ReadAlignment(ref reader, metadata);
        List<GgufTensorInfo> tensors = ReadTensors(ref reader, tensorCount);
        return new GgufHeader(version, alignment, metadata, Place(ref reader, tensors, alignment, fileLength));
    }

    /// <summary>The next multiple of an alignment.</summary>
    public static long AlignUp(long offset, int alignment) => checked(offset + alignment - 1) / alignment * alignment;

    private static int Limited(ref GgufReader reader, string what, int minimumSize, int limit)
    {
        int count = reader.Count(what, minimumSize);
        return count <= limit ? count : throw reader.Fault($"{what} is {count}; at most {limit} are allowed", sizeof(ulong));
    }

    private static uint Preamble(ref GgufReader reader, ReadOnlySpan<byte> bytes)
    {
        uint magic = reader.UInt32("magic");
        if (!bytes.StartsWith(Magic))
            throw reader.Fault(NotGguf(bytes), sizeof(uint));

        uint version = reader.UInt32("version");
        return version switch
        {
            2 or 3 => version,
            1 => throw reader.Fault("GGUF version 1 is not supported; convert the model again with a current converter", sizeof(uint)),
            _ when BinaryPrimitives.ReverseEndianness(version) is >= 1 and <= 3 =>
                throw reader.Fault("this is a big-endian GGUF file; convert it to little-endian (gguf_convert_endian)", sizeof(uint)),
            _ => throw reader.Fault($"GGUF version {version} is not supported; this build reads 2 and 3", sizeof(uint)),
        };
    }

    private static string NotGguf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("version https://git-lfs"u8))
            return "this is a Git LFS pointer, not the model itself; fetch it with 'git lfs pull'";
        if (bytes.StartsWith("lmgg"u8) || bytes.StartsWith("tjgg"u8) || bytes.StartsWith("fmgg"u8))
            return "this is a ggml file from before GGUF; convert the model again with a current converter";

        return "this is not a GGUF file (it does not begin with 'GGUF')";
    }

    private static OrderedDictionary<string, GgufValue> ReadMetadata(ref GgufReader reader, ReadOnlySpan<byte> bytes, int count)
    {
        List<Entry> entries = [];
        HashSet<string> keys = [];
        for (int i = 0; i < count; i++)
        {
            reader.Subject = $"metadata entry {i}";
            string key = reader.Name("key");
            reader.Subject = $"metadata '{key}'";
            if (!keys.Add(key))
                throw reader.Fault("the key appears twice");

            GgufValueType type = reader.ValueType("value type");
            int start = reader.Position;
            reader.SkipValue(type);
            entries.Add(new Entry(key, type, start, reader.Position - start));
        }

        // The one copy: a few megabytes that then outlive the map, so a tokenizer need not hold the model's file.
        ReadOnlyMemory<byte> copy = bytes[..reader.Position].ToArray();
        OrderedDictionary<string, GgufValue> metadata = new(entries.Count);
        foreach (Entry entry in entries)
            metadata.Add(entry.Key, new GgufValue(entry.Type, copy.Slice(entry.Start, entry.Length)));

        return metadata;
    }

    /// <summary>A metadata entry that was checked: where its value lies.</summary>
    private sealed record Entry(string Key, GgufValueType Type, int Start, int Length);

    private static int ReadAlignment(ref GgufReader reader, OrderedDictionary<string, GgufValue> metadata)
    {
        if (!metadata.TryGetValue(AlignmentKey, out GgufValue? value))
            return DefaultAlignment;

        reader.Subject = $"metadata '{AlignmentKey}'";
        if (value.Type != GgufValueType.UInt32 || !value.TryGetInteger(out int alignment))
            throw reader.Fault("the alignment is not an unsigned 32-bit integer below 2^31");

        return alignment > 0 && BitOperations.IsPow2(alignment)
            ? alignment
            : throw reader.Fault($"the alignment {alignment} is not a power of two");
    }

    /// <summary>The tensor table as it stands in the file: offsets still count from the start of the data.</summary>
    private static List<GgufTensorInfo> ReadTensors(ref GgufReader reader, int count)
    {
        List<GgufTensorInfo> tensors = [];
        HashSet<string> names = [];
        for (int i = 0; i < count; i++)
        {
            reader.Subject = $"tensor {i}";
            string name = reader.Name("name");
            reader.Subject = $"tensor '{name}'";
            if (!names.Add(name))
                throw reader.Fault("the name appears twice");

            tensors.Add(ReadTensor(ref reader, name));
        }

        return tensors;
    }

    private static GgufTensorInfo ReadTensor(ref GgufReader reader, string name)
    {
        uint dimensions = reader.UInt32("dimension count");
        if (dimensions is 0 or > MaxDimensions)
            throw reader.Fault($"it has {dimensions} dimensions; 1 to {MaxDimensions} are allowed", sizeof(uint));

        long[] shape = new long[dimensions];
        long elements = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            ulong length = reader.UInt64("dimension");
            if (length == 0)
                throw reader.Fault($"dimension {i} is 0", sizeof(ulong));
            if (length > (ulong)(long.MaxValue / elements))
                throw reader.Fault("the product of its dimensions overflows", sizeof(ulong));

            shape[i] = (long)length;
            elements *= shape[i];
        }

        uint id = reader.UInt32("type");
        TensorType type = id <= int.MaxValue && TensorTypes.IsKnown((TensorType)id) ? (TensorType)id : throw Unsupported(ref reader, id);
        if (shape[0] % type.BlockLength() != 0)
            throw reader.Fault($"rows of {shape[0]} elements do not fill whole blocks of {type.BlockLength()} ({type})", sizeof(uint));

        long blocks = elements / type.BlockLength();
        if (blocks > long.MaxValue / type.BlockBytes())
            throw reader.Fault("its size in bytes overflows", sizeof(uint));

        ulong offset = reader.UInt64("offset");
        if (offset > long.MaxValue)
            throw reader.Fault($"its offset {offset} is past the end of any file", sizeof(ulong));

        return new GgufTensorInfo(name, type, shape, (long)offset, blocks * type.BlockBytes());
    }

    /// <summary>Names the types that ggml has and this build does not, so that the message helps.</summary>
    private static GgufException Unsupported(ref GgufReader reader, uint id)
    {
        string? name = id switch
        {
            4 or 5 => "one of those removed from ggml",
            9 => "Q8_1",
            15 => "Q8_K",
            16 => "IQ2_XXS",
            17 => "IQ2_XS",
            18 => "IQ3_XXS",
            19 => "IQ1_S",
            20 => "IQ4_NL",
            21 => "IQ3_S",
            22 => "IQ2_S",
            23 => "IQ4_XS",
            29 => "IQ1_M",
            34 => "TQ1_0",
            35 => "TQ2_0",
            39 => "MXFP4",
            40 => "NVFP4",
            _ => null,
        };
        return reader.Fault(
            name is null
                ? $"its type {id} is unknown"
                : $"its type is {id} ({name}), which this build cannot read; use a file quantised to another type",
            sizeof(uint));
    }

    /// <summary>Turns offsets within the data into offsets within the file.</summary>
    private static List<GgufTensorInfo> Place(ref GgufReader reader, List<GgufTensorInfo> tensors, int alignment, long fileLength)
    {
        reader.Subject = "header";
        long dataStart = AlignUp(reader.Position, alignment);
        List<GgufTensorInfo> placed = new(tensors.Count);
        foreach (GgufTensorInfo tensor in tensors)
        {
            reader.Subject = $"tensor '{tensor.Name}'";
            if (tensor.Offset % alignment != 0)
                throw reader.Fault($"its offset {tensor.Offset} is not a multiple of the alignment {alignment}");

            if (tensor.ByteLength > fileLength || tensor.Offset > fileLength - dataStart - tensor.ByteLength)
            {
                throw reader.Fault(
                    $"its {tensor.ByteLength} bytes at offset {tensor.Offset} of the data run past the end of the file ({fileLength} "
                        + "bytes); the file is truncated or damaged"
                );
            }

            placed.Add(tensor with { Offset = dataStart + tensor.Offset });
        }

        CheckLayout(ref reader, placed, alignment, fileLength);
        return placed;
    }

    /// <summary>No tensor overlaps another, and nothing but padding follows the last.</summary>
    private static void CheckLayout(ref GgufReader reader, List<GgufTensorInfo> placed, int alignment, long fileLength)
    {
        List<GgufTensorInfo> ordered = [.. placed];
        ordered.Sort((left, right) => left.Offset.CompareTo(right.Offset));
        long contentEnd = reader.Position;
        GgufTensorInfo? previous = null;
        foreach (GgufTensorInfo tensor in ordered)
        {
            reader.Subject = $"tensor '{tensor.Name}'";
            if (previous is not null && tensor.Offset < contentEnd)
                throw reader.Fault($"its data overlaps that of '{previous.Name}'");

            contentEnd = tensor.Offset + tensor.ByteLength;
            previous = tensor;
        }

        reader.Subject = "file";
        if (fileLength > AlignUp(contentEnd, alignment))
        {
            throw reader.Fault(
                $"{fileLength - contentEnd} bytes follow the last content, which ends at byte {contentEnd}; the file is damaged, or two "
                    + "were joined"
            );
        }
    }
}
