using System.Buffers.Binary;
using System.Collections;
using System.Runtime.CompilerServices;

namespace QwenSharp.Formats;

/// <summary>
/// An immutable array of strings as a GGUF file holds it: views of valid UTF-8 that are decoded only where a text is asked for.
/// Safe to read from several threads.
/// </summary>
public sealed class GgufStringArray : IReadOnlyList<ReadOnlyMemory<byte>>
{
    private readonly ReadOnlyMemory<byte> _encoded;

    /// <summary>Where each string's text begins in <see cref="_encoded"/>; one more entry says where another would begin.</summary>
    private readonly int[] _starts;

    internal GgufStringArray(ReadOnlyMemory<byte> encoded, int count)
    {
        _encoded = encoded;
        _starts = Starts(encoded.Span, count);
    }

    /// <summary>The number of strings.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The UTF-8 bytes of one string.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such string.</exception>
    public ReadOnlyMemory<byte> this[int index]
    {
        // A tokenizer reads 300 000 strings as the program starts, too early for the JIT's tiers: compiled well at the first call.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            int start = _starts[index];
            return _encoded.Slice(start, _starts[index + 1] - sizeof(ulong) - start);
        }
    }

    /// <summary>One string, decoded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such string.</exception>
    public string GetString(int index) => GgufValue.StrictUtf8.GetString(this[index].Span);

    /// <summary>All strings, decoded.</summary>
    public string[] ToStrings()
    {
        string[] strings = new string[Count];
        for (int i = 0; i < strings.Length; i++)
            strings[i] = GetString(i);

        return strings;
    }

    /// <inheritdoc/>
    public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // As above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int[] Starts(ReadOnlySpan<byte> encoded, int count)
    {
        int[] starts = new int[count + 1];
        starts[0] = sizeof(ulong);
        for (int i = 0; i < count; i++)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(encoded[(starts[i] - sizeof(ulong))..]);
            starts[i + 1] = starts[i] + (int)length + sizeof(ulong);
        }

        return starts;
    }
}
