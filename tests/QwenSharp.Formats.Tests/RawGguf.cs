using System.Text;

namespace QwenSharp.Formats.Tests;

/// <summary>Writes a GGUF file byte by byte, so that any part of it can be wrong.</summary>
internal sealed class RawGguf
{
    private readonly MemoryStream _bytes = new();

    public RawGguf(ulong tensors, ulong entries, uint version = 3, string magic = "GGUF")
    {
        _bytes.Write(Encoding.ASCII.GetBytes(magic));
        UInt32(version).UInt64(tensors).UInt64(entries);
    }

    public RawGguf UInt32(uint value) => Raw(BitConverter.GetBytes(value));

    public RawGguf UInt64(ulong value) => Raw(BitConverter.GetBytes(value));

    public RawGguf Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public RawGguf Text(params byte[] utf8) => UInt64((ulong)utf8.Length).Raw(utf8);

    public RawGguf Raw(params byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>A key, the type that follows, and the value's bytes.</summary>
    public RawGguf Entry(string key, GgufValueType type, params byte[] value) => Text(key).UInt32((uint)type).Raw(value);

    public RawGguf Array(string key, GgufValueType elements, ulong count) =>
        Text(key).UInt32((uint)GgufValueType.Array).UInt32((uint)elements).UInt64(count);

    public RawGguf Tensor(string name, uint type, ulong offset, params ulong[] shape)
    {
        Text(name).UInt32((uint)shape.Length);
        foreach (ulong length in shape)
            UInt64(length);

        return UInt32(type).UInt64(offset);
    }

    /// <summary>Zeros up to the alignment, then data.</summary>
    public RawGguf Data(int bytes, int alignment = 32)
    {
        long padding = (alignment - _bytes.Length % alignment) % alignment;
        return Raw(new byte[padding + bytes]);
    }

    public byte[] ToArray() => _bytes.ToArray();
}
