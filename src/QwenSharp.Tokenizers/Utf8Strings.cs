using System.Runtime.CompilerServices;

namespace QwenSharp.Tokenizers;

/// <summary>Gives the UTF-8 bytes of string <paramref name="index"/> of a list; the span need live only until the next call.</summary>
public delegate ReadOnlySpan<byte> Utf8StringAt(int index);

/// <summary>
/// A list of UTF-8 strings wherever they lie (a memory-mapped file, a buffer): 150,000 tokens are read without making 150,000 objects.
/// </summary>
public readonly struct Utf8Strings
{
    private readonly Utf8StringAt? _at;

    /// <summary>A list of <paramref name="count"/> strings read through <paramref name="at"/>.</summary>
    public Utf8Strings(int count, Utf8StringAt at)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(at);
        Count = count;
        _at = at;
    }

    /// <summary>How many strings there are.</summary>
    public int Count { get; }

    /// <summary>The bytes of one string.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below <see cref="Count"/>.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _at!(index);
        }
    }

    /// <summary>The strings of an ordinary list, encoded once.</summary>
    public static Utf8Strings From(IEnumerable<string> strings)
    {
        byte[][] encoded = [.. strings.Select(System.Text.Encoding.UTF8.GetBytes)];
        return new Utf8Strings(encoded.Length, index => encoded[index]);
    }
}
