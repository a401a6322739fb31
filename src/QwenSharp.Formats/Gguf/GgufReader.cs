using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text.Unicode;

namespace QwenSharp.Formats;

/// <summary>
/// Walks the header of a GGUF file. Nothing is believed before it is checked against the bytes that are there:
/// every read either stays inside them or ends in a <see cref="GgufException"/>, and no read allocates by a count from the file.
/// </summary>
internal ref struct GgufReader(string filePath, ReadOnlySpan<byte> bytes, long fileLength)
{
    /// <summary>The longest key and tensor name; the specification's bound for keys.</summary>
    public const int MaxNameLength = ushort.MaxValue;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>What is being read, to be named in a fault.</summary>
    public string Subject { get; set; } = "header";

    /// <summary>The next byte, counted from the start of the file.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A number of things of which each takes at least <paramref name="minimumSize"/> bytes of what remains.</summary>
    public int Count(string what, int minimumSize)
    {
        ulong count = UInt64(what);
        if (count > (ulong)(Remaining / minimumSize))
            throw Fault($"{what} is {count}, more than the remaining {Remaining} bytes can hold{TooLong()}", sizeof(ulong));

        return (int)count;
    }

    /// <summary>A key or a tensor name: not empty, UTF-8, no control characters.</summary>
    public string Name(string what)
    {
        ReadOnlySpan<byte> utf8 = Text(what);
        if (utf8.Length is 0 or > MaxNameLength)
            throw Fault($"{what} has {utf8.Length} bytes; 1 to {MaxNameLength} are allowed", utf8.Length);

        string name = GgufValue.StrictUtf8.GetString(utf8);
        if (HasControl(name))
            throw Fault($"{what} contains a control character", utf8.Length);

        return name;
    }

    public static bool HasControl(string name)
    {
        foreach (char character in name)
        {
            if (char.IsControl(character))
                return true;
        }

        return false;
    }

    public GgufValueType ValueType(string what)
    {
        uint type = UInt32(what);
        return GgufValueTypes.IsKnown(type)
            ? (GgufValueType)type
            : throw Fault($"{what} {type} is unknown; the specification has 0 to {(int)GgufValueType.Float64}", sizeof(uint));
    }

    /// <summary>Checks one value and moves past it.</summary>
    public void SkipValue(GgufValueType type, int depth = 0)
    {
        if (type == GgufValueType.String)
            Text("string");
        else if (type == GgufValueType.Array)
            SkipArray(depth + 1);
        else
            SkipFixed(type, 1);
    }

    /// <summary>A fault found <paramref name="back"/> bytes before the next one.</summary>
    public readonly GgufException Fault(string problem, int back = 0) => new(filePath, $"{Subject}: {problem}", Position - back);

    private void SkipArray(int depth)
    {
        if (depth > GgufValue.MaxArrayDepth)
            throw Fault($"arrays nest deeper than {GgufValue.MaxArrayDepth}");

        GgufValueType type = ValueType("array element type");
        int minimumSize = type switch
        {
            GgufValueType.String => sizeof(ulong),
            GgufValueType.Array => GgufValue.ArrayHeaderSize,
            _ => type.FixedSize(),
        };
        int count = Count("array count", minimumSize);
        if (type == GgufValueType.String)
        {
            SkipStrings(count);
        }
        else if (type != GgufValueType.Array)
        {
            SkipFixed(type, count);
        }
        else
        {
            for (int i = 0; i < count; i++)
                SkipArray(depth + 1);
        }
    }

    private void SkipFixed(GgufValueType type, int count)
    {
        // The product cannot overflow: an array's count was checked against the bytes that remain.
        ReadOnlySpan<byte> values = Take(type.FixedSize() * count, "value");
        if (type == GgufValueType.Bool && values.IndexOfAnyExceptInRange((byte)0, (byte)1) is int at and >= 0)
            throw Fault($"a bool is {values[at]}, neither 0 nor 1", values.Length - at);
    }

    // A vocabulary is walked once, at start-up, before any tier of the JIT would come to it: compiled well at the first call.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SkipStrings(int count)
    {
        ReadOnlySpan<byte> rest = _bytes[Position..];
        for (int i = 0; i < count; i++)
        {
            ulong length = rest.Length < sizeof(ulong) ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(rest);
            ReadOnlySpan<byte> after = rest[Math.Min(sizeof(ulong), rest.Length)..];
            if (length > (ulong)after.Length || !Utf8.IsValid(after[..(int)length]))
            {
                // Reads it again, slowly, for the fault that names it.
                Position = _bytes.Length - rest.Length;
                Text($"string {i}");
            }

            rest = after[(int)length..];
        }

        Position = _bytes.Length - rest.Length;
    }

    private ReadOnlySpan<byte> Text(string what)
    {
        ulong length = UInt64(what);
        if (length > (ulong)Remaining)
            throw Fault($"{what} of {length} bytes runs past the remaining {Remaining}{TooLong()}", sizeof(ulong));

        ReadOnlySpan<byte> utf8 = _bytes.Slice(Position, (int)length);
        if (!Utf8.IsValid(utf8))
            throw Fault($"{what} is not valid UTF-8");

        Position += utf8.Length;
        return utf8;
    }

    private ReadOnlySpan<byte> Take(int length, string what)
    {
        if (length > Remaining)
            throw Fault($"the file ends inside the {what}{TooLong()}");

        ReadOnlySpan<byte> taken = _bytes.Slice(Position, length);
        Position += length;
        return taken;
    }

    /// <summary>Only the first 2 GiB of a file can be its header; a larger one is refused with that reason.</summary>
    private readonly string TooLong() =>
        fileLength > _bytes.Length ? $" (a header may take the first {_bytes.Length} bytes)" : string.Empty;
}
