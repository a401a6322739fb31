using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace QwenSharp.Formats;

/// <content>Values made in memory, to be written.</content>
public sealed partial class GgufValue
{
    /// <summary>A number or a bool, stored in the GGUF type of the same width.</summary>
    /// <exception cref="NotSupportedException">GGUF has no type for <typeparamref name="T"/>.</exception>
    public static GgufValue Of<T>(T value) where T : unmanaged =>
        new(GgufValueTypes.Of<T>(), MemoryMarshal.AsBytes([value]).ToArray());

    /// <summary>A string.</summary>
    /// <exception cref="EncoderFallbackException">The text has a lone surrogate, which UTF-8 cannot hold.</exception>
    public static GgufValue Of(string text)
    {
        byte[] encoded = new byte[sizeof(ulong) + StrictUtf8.GetByteCount(text)];
        BinaryPrimitives.WriteInt64LittleEndian(encoded, encoded.Length - sizeof(ulong));
        StrictUtf8.GetBytes(text, encoded.AsSpan(sizeof(ulong)));
        return new GgufValue(GgufValueType.String, encoded);
    }

    /// <summary>An array of numbers or bools.</summary>
    /// <exception cref="NotSupportedException">GGUF has no type for <typeparamref name="T"/>.</exception>
    public static GgufValue ArrayOf<T>(params ReadOnlySpan<T> elements) where T : unmanaged =>
        Array(GgufValueTypes.Of<T>(), elements.Length, MemoryMarshal.AsBytes(elements));

    /// <summary>An array of strings.</summary>
    /// <exception cref="EncoderFallbackException">A text has a lone surrogate, which UTF-8 cannot hold.</exception>
    public static GgufValue ArrayOf(params ReadOnlySpan<string> elements)
    {
        MemoryStream bytes = new();
        foreach (string element in elements)
            bytes.Write(Of(element).Encoded.Span);

        return Array(GgufValueType.String, elements.Length, Written(bytes));
    }

    /// <summary>An array of arrays.</summary>
    /// <exception cref="ArgumentException">An element is no array, or the arrays nest deeper than a reader accepts.</exception>
    public static GgufValue ArrayOf(params ReadOnlySpan<GgufValue> elements)
    {
        MemoryStream bytes = new();
        foreach (GgufValue element in elements)
        {
            if (element.Type != GgufValueType.Array)
                throw new ArgumentException($"An array of arrays cannot hold a {element.Type}.", nameof(elements));
            if (element.Depth() >= MaxArrayDepth)
                throw new ArgumentException($"Arrays may nest at most {MaxArrayDepth} deep.", nameof(elements));

            bytes.Write(element.Encoded.Span);
        }

        return Array(GgufValueType.Array, elements.Length, Written(bytes));
    }

    /// <summary>A number, stored as Int32.</summary>
    public static implicit operator GgufValue(int value) => Of(value);

    /// <summary>A number, stored as UInt32.</summary>
    public static implicit operator GgufValue(uint value) => Of(value);

    /// <summary>A number, stored as Float32.</summary>
    public static implicit operator GgufValue(float value) => Of(value);

    /// <summary>A truth value, stored as Bool.</summary>
    public static implicit operator GgufValue(bool value) => Of(value);

    /// <summary>A text, stored as String.</summary>
    public static implicit operator GgufValue(string value) => Of(value);

    private static ReadOnlySpan<byte> Written(MemoryStream stream) => stream.GetBuffer().AsSpan(0, (int)stream.Length);

    private static GgufValue Array(GgufValueType elementType, int count, ReadOnlySpan<byte> elements)
    {
        byte[] encoded = new byte[ArrayHeaderSize + elements.Length];
        BinaryPrimitives.WriteInt32LittleEndian(encoded, (int)elementType);
        BinaryPrimitives.WriteInt64LittleEndian(encoded.AsSpan(sizeof(uint)), count);
        elements.CopyTo(encoded.AsSpan(ArrayHeaderSize));
        return new GgufValue(GgufValueType.Array, encoded);
    }

    private int Depth() =>
        TryGetArrays(out GgufValue[]? inner) ? 1 + inner.Select(value => value.Depth()).DefaultIfEmpty(0).Max() : 1;
}
