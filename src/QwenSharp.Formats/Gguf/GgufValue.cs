using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace QwenSharp.Formats;

/// <summary>
/// One immutable metadata value: its type and its bytes, exactly as a GGUF file holds them. Reading decodes on demand, so a
/// vocabulary of 150 000 strings costs nothing until it is asked for, and a value that was read is written back unchanged.
/// </summary>
/// <remarks>Numbers are reinterpreted in place: GGUF is little-endian, and so is every processor that .NET 10 runs on here.</remarks>
public sealed partial class GgufValue : IEquatable<GgufValue>
{
    /// <summary>How deep arrays may nest. The specification sets no bound; no known model nests them at all.</summary>
    internal const int MaxArrayDepth = 4;

    /// <summary>Bytes before the first element of an array: the element type (32 bits) and the count (64 bits).</summary>
    internal const int ArrayHeaderSize = sizeof(uint) + sizeof(ulong);

    internal static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Over bytes known to be valid for the type; <see cref="GgufReader"/> checks those of a file.</summary>
    internal GgufValue(GgufValueType type, ReadOnlyMemory<byte> encoded)
    {
        Type = type;
        Encoded = encoded;
    }

    /// <summary>The value's type.</summary>
    public GgufValueType Type { get; }

    /// <summary>The bytes that follow the type in a file.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>The type of an array's elements; null for any other value.</summary>
    public GgufValueType? ElementType =>
        Type == GgufValueType.Array ? (GgufValueType)BinaryPrimitives.ReadUInt32LittleEndian(Encoded.Span) : null;

    /// <summary>The number of an array's elements; 1 for any other value.</summary>
    public int Count =>
        Type == GgufValueType.Array ? checked((int)BinaryPrimitives.ReadUInt64LittleEndian(Encoded.Span[sizeof(uint)..])) : 1;

    private ReadOnlyMemory<byte> Elements => Encoded[ArrayHeaderSize..];

    /// <summary>The number, where the value is an integer of any width and fits in <typeparamref name="T"/>.</summary>
    public bool TryGetInteger<T>(out T number) where T : unmanaged, IBinaryInteger<T> =>
        First(Integers<T>(Type, Encoded.Span), out number);

    /// <summary>The number, where the value is a Float32, or a Float64 in the range of a float.</summary>
    public bool TryGetFloat(out float number) => First(Floats(Type, Encoded.Span), out number);

    /// <summary>The truth value, where the value is a Bool.</summary>
    public bool TryGetBool(out bool truth) => First(Bools(Type, Encoded.Span), out truth);

    /// <summary>The text, where the value is a String.</summary>
    public bool TryGetString([NotNullWhen(true)] out string? text)
    {
        text = Type == GgufValueType.String ? StrictUtf8.GetString(Encoded.Span[sizeof(ulong)..]) : null;
        return text is not null;
    }

    /// <summary>The numbers, where the value is an array of integers of any width and all fit in <typeparamref name="T"/>.</summary>
    public bool TryGetIntegers<T>([NotNullWhen(true)] out T[]? numbers) where T : unmanaged, IBinaryInteger<T>
    {
        numbers = ElementType is GgufValueType type ? Integers<T>(type, Elements.Span) : null;
        return numbers is not null;
    }

    /// <summary>The numbers, where the value is an array of Float32, or of Float64 in the range of a float.</summary>
    public bool TryGetFloats([NotNullWhen(true)] out float[]? numbers)
    {
        numbers = ElementType is GgufValueType type ? Floats(type, Elements.Span) : null;
        return numbers is not null;
    }

    /// <summary>The truth values, where the value is an array of Bool.</summary>
    public bool TryGetBools([NotNullWhen(true)] out bool[]? truths)
    {
        truths = ElementType is GgufValueType type ? Bools(type, Elements.Span) : null;
        return truths is not null;
    }

    /// <summary>The strings, where the value is an array of String. Their lengths are walked once; no text is decoded.</summary>
    public bool TryGetStrings([NotNullWhen(true)] out GgufStringArray? strings)
    {
        strings = ElementType == GgufValueType.String ? new GgufStringArray(Elements, Count) : null;
        return strings is not null;
    }

    /// <summary>The inner arrays, where the value is an array of arrays.</summary>
    public bool TryGetArrays([NotNullWhen(true)] out GgufValue[]? arrays)
    {
        arrays = null;
        if (ElementType != GgufValueType.Array)
            return false;

        arrays = new GgufValue[Count];
        GgufReader reader = new(string.Empty, Elements.Span, Elements.Length);
        for (int i = 0; i < arrays.Length; i++)
        {
            int start = reader.Position;
            reader.SkipValue(GgufValueType.Array);
            arrays[i] = new GgufValue(GgufValueType.Array, Elements[start..reader.Position]);
        }

        return true;
    }

    /// <summary>Whether both have the same type and the same bytes (so NaN equals NaN).</summary>
    public bool Equals([NotNullWhen(true)] GgufValue? other) =>
        other is not null && Type == other.Type && Encoded.Span.SequenceEqual(other.Encoded.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GgufValue);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.Add(Type);
        hash.AddBytes(Encoded.Span);
        return hash.ToHashCode();
    }

    private static bool First<T>(T[]? values, out T value) where T : struct
    {
        value = values is [T first] ? first : default;
        return values is not null;
    }

    private static T[]? Integers<T>(GgufValueType type, ReadOnlySpan<byte> bytes) where T : unmanaged, IBinaryInteger<T>
    {
        try
        {
            return type switch
            {
                GgufValueType.UInt8 => Convert<byte, T>(bytes),
                GgufValueType.Int8 => Convert<sbyte, T>(bytes),
                GgufValueType.UInt16 => Convert<ushort, T>(bytes),
                GgufValueType.Int16 => Convert<short, T>(bytes),
                GgufValueType.UInt32 => Convert<uint, T>(bytes),
                GgufValueType.Int32 => Convert<int, T>(bytes),
                GgufValueType.UInt64 => Convert<ulong, T>(bytes),
                GgufValueType.Int64 => Convert<long, T>(bytes),
                _ => null,
            };
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static float[]? Floats(GgufValueType type, ReadOnlySpan<byte> bytes) => type switch
    {
        GgufValueType.Float32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        GgufValueType.Float64 => Narrow(MemoryMarshal.Cast<byte, double>(bytes)),
        _ => null,
    };

    private static bool[]? Bools(GgufValueType type, ReadOnlySpan<byte> bytes) =>
        type == GgufValueType.Bool ? MemoryMarshal.Cast<byte, bool>(bytes).ToArray() : null;

    private static T[] Convert<TStored, T>(ReadOnlySpan<byte> bytes)
        where TStored : unmanaged, IBinaryInteger<TStored>
        where T : unmanaged, IBinaryInteger<T>
    {
        if (typeof(T) == typeof(TStored))
            return MemoryMarshal.Cast<byte, T>(bytes).ToArray();

        ReadOnlySpan<TStored> stored = MemoryMarshal.Cast<byte, TStored>(bytes);
        T[] numbers = new T[stored.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = T.CreateChecked(stored[i]);

        return numbers;
    }

    private static float[]? Narrow(ReadOnlySpan<double> stored)
    {
        float[] numbers = new float[stored.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)stored[i];
            if (float.IsInfinity(numbers[i]) && double.IsFinite(stored[i]))
                return null;
        }

        return numbers;
    }
}
