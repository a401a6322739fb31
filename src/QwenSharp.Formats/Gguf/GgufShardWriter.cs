using System.Buffers.Binary;
using QwenSharp.Numerics;

namespace QwenSharp.Formats;

/// <summary>A declared tensor and what writes its data.</summary>
internal sealed record GgufTensorSource(string Name, TensorType Type, long[] Shape, long ByteLength, Action<Stream> Write);

/// <summary>Lays out one file: header, metadata, tensor table, then each tensor's data at its aligned offset.</summary>
internal sealed record GgufShardWriter(
    string Path, OrderedDictionary<string, GgufValue> Metadata, IReadOnlyList<GgufTensorSource> Tensors)
{
    private const uint Version = 3;

    public void Write(Stream stream)
    {
        stream.Write(GgufHeader.Magic);
        WriteUInt32(stream, Version);
        WriteUInt64(stream, (ulong)Tensors.Count);
        WriteUInt64(stream, (ulong)Metadata.Count);
        foreach ((string key, GgufValue value) in Metadata)
        {
            stream.Write(GgufValue.Of(key).Encoded.Span);
            WriteUInt32(stream, (uint)value.Type);
            stream.Write(value.Encoded.Span);
        }

        int alignment = Metadata.TryGetValue(GgufHeader.AlignmentKey, out GgufValue? stated) && stated.TryGetInteger(out int bytes)
            ? bytes
            : GgufHeader.DefaultAlignment;
        WriteTable(stream, alignment);
        foreach (GgufTensorSource tensor in Tensors)
        {
            Pad(stream, alignment);
            WriteData(stream, tensor);
        }

        // ggml pads the end of the data as well, and readers may count on it; a file without tensors ends with its metadata.
        if (Tensors.Count > 0)
            Pad(stream, alignment);
    }

    private void WriteTable(Stream stream, int alignment)
    {
        long offset = 0;
        foreach (GgufTensorSource tensor in Tensors)
        {
            stream.Write(GgufValue.Of(tensor.Name).Encoded.Span);
            WriteUInt32(stream, (uint)tensor.Shape.Length);
            foreach (long length in tensor.Shape)
                WriteUInt64(stream, (ulong)length);

            WriteUInt32(stream, (uint)tensor.Type);
            WriteUInt64(stream, (ulong)offset);
            offset = GgufHeader.AlignUp(offset + tensor.ByteLength, alignment);
        }
    }

    private static void WriteData(Stream stream, GgufTensorSource tensor)
    {
        long start = stream.Position;
        tensor.Write(stream);
        if (stream.Position - start != tensor.ByteLength)
        {
            throw new InvalidOperationException(
                $"The writer of tensor '{tensor.Name}' wrote {stream.Position - start} bytes; {tensor.Type} "
                    + $"[{string.Join(", ", tensor.Shape)}] has {tensor.ByteLength}."
            );
        }
    }

    private static void Pad(Stream stream, int alignment)
    {
        Span<byte> zeros = stackalloc byte[256];
        zeros.Clear();
        for (long rest = GgufHeader.AlignUp(stream.Position, alignment) - stream.Position; rest > 0; rest -= Math.Min(rest, zeros.Length))
            stream.Write(zeros[..(int)Math.Min(rest, zeros.Length)]);
    }

    private static void WriteUInt32(Stream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void WriteUInt64(Stream stream, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        stream.Write(bytes);
    }
}
