using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace QwenSharp.Formats;

/// <summary>
/// Metadata in GGUF's terms, of a GGUF file or made of another format's, in the file's order and with typed access. <c>Get…</c> refuses a
/// missing key; <c>TryGet…</c> returns false
/// for it; both refuse a value of another type, or an integer that does not fit, with an exception that names the file and the key.
/// Reading a value by its key marks the key as consumed, so that a loader can refuse what it did not understand.
/// </summary>
/// <remarks>The values are immutable; the marks are not, so load a model from one thread.</remarks>
public sealed class GgufMetadata : IReadOnlyCollection<KeyValuePair<string, GgufValue>>
{
    private readonly string _filePath;
    private readonly OrderedDictionary<string, GgufValue> _values;
    private readonly HashSet<string> _consumed = [];

    /// <param name="filePath">The file or folder that faults name.</param>
    /// <param name="values">Keys and values, in order.</param>
    public GgufMetadata(string filePath, OrderedDictionary<string, GgufValue> values)
    {
        _filePath = filePath;
        _values = values;
    }

    private delegate bool Reading<T>(GgufValue value, [MaybeNullWhen(false)] out T result);

    /// <summary>The number of keys.</summary>
    public int Count => _values.Count;

    /// <summary>Whether the key is there. Does not consume it.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The keys with this prefix that no one has read, in the file's order.</summary>
    public IReadOnlyList<string> Unconsumed(string prefix) =>
        [.. _values.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal) && !_consumed.Contains(key))];

    /// <summary>Reads a value of any type, where the key is there.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out GgufValue? value)
    {
        if (!_values.TryGetValue(key, out value))
            return false;

        _consumed.Add(key);
        return true;
    }

    /// <summary>Reads a String.</summary>
    /// <exception cref="GgufException">The key is missing or not a String.</exception>
    public string GetString(string key) => Get<string>(key, TryGetString);

    /// <summary>Reads a String, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not a String.</exception>
    public bool TryGetString(string key, [NotNullWhen(true)] out string? value) =>
        TryGet(
            key,
            static (GgufValue stored, [MaybeNullWhen(false)] out string text) => stored.TryGetString(out text),
            "a String",
            out value);

    /// <summary>Reads a Bool, or the integer 0 or 1, as some programs write it.</summary>
    /// <exception cref="GgufException">The key is missing or neither.</exception>
    public bool GetBool(string key) => Get<bool>(key, TryGetBool);

    /// <summary>Reads a Bool, or the integer 0 or 1, where the key is there.</summary>
    /// <exception cref="GgufException">The value is neither.</exception>
    public bool TryGetBool(string key, out bool value) => TryGet(key, IsTruth, "a Bool", out value);

    /// <summary>Reads a Float32, a Float64 in the range of a float, or an integer that a float holds exactly.</summary>
    /// <exception cref="GgufException">The key is missing or not such a number.</exception>
    public float GetFloat(string key) => Get<float>(key, TryGetFloat);

    /// <summary>As <see cref="GetFloat"/>, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such a number.</exception>
    public bool TryGetFloat(string key, out float value) => TryGet(key, IsNumber, "a Float32", out value);

    /// <summary>Reads an integer of any width that fits in 32 signed bits.</summary>
    /// <exception cref="GgufException">The key is missing or not such an integer.</exception>
    public int GetInt32(string key) => Get<int>(key, TryGetInt32);

    /// <summary>Reads an integer of any width that fits in 32 signed bits, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such an integer.</exception>
    public bool TryGetInt32(string key, out int value) => TryGetInteger(key, out value);

    /// <summary>Reads an integer of any width that fits in 32 unsigned bits.</summary>
    /// <exception cref="GgufException">The key is missing or not such an integer.</exception>
    public uint GetUInt32(string key) => Get<uint>(key, TryGetUInt32);

    /// <summary>Reads an integer of any width that fits in 32 unsigned bits, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such an integer.</exception>
    public bool TryGetUInt32(string key, out uint value) => TryGetInteger(key, out value);

    /// <summary>Reads an integer of any width that fits in 64 signed bits.</summary>
    /// <exception cref="GgufException">The key is missing or not such an integer.</exception>
    public long GetInt64(string key) => Get<long>(key, TryGetInt64);

    /// <summary>Reads an integer of any width that fits in 64 signed bits, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such an integer.</exception>
    public bool TryGetInt64(string key, out long value) => TryGetInteger(key, out value);

    /// <summary>Reads an array of strings, as views of UTF-8.</summary>
    /// <exception cref="GgufException">The key is missing or not an array of String.</exception>
    public GgufStringArray GetStringArray(string key) => Get<GgufStringArray>(key, TryGetStringArray);

    /// <summary>Reads an array of strings, as views of UTF-8, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not an array of String.</exception>
    public bool TryGetStringArray(string key, [NotNullWhen(true)] out GgufStringArray? value) =>
        TryGet(
            key,
            static (GgufValue stored, [MaybeNullWhen(false)] out GgufStringArray texts) => stored.TryGetStrings(out texts),
            "an array of String",
            out value);

    /// <summary>Reads an array of Bool.</summary>
    /// <exception cref="GgufException">The key is missing or not an array of Bool.</exception>
    public bool[] GetBoolArray(string key) => Get<bool[]>(key, TryGetBoolArray);

    /// <summary>Reads an array of Bool, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not an array of Bool.</exception>
    public bool TryGetBoolArray(string key, [NotNullWhen(true)] out bool[]? value) =>
        TryGet(
            key,
            static (GgufValue stored, [MaybeNullWhen(false)] out bool[] truths) => stored.TryGetBools(out truths),
            "an array of Bool",
            out value);

    /// <summary>Reads an array of Float32, or of Float64 in the range of a float.</summary>
    /// <exception cref="GgufException">The key is missing or not such an array.</exception>
    public float[] GetFloatArray(string key) => Get<float[]>(key, TryGetFloatArray);

    /// <summary>Reads an array of Float32, or of Float64 in the range of a float, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such an array.</exception>
    public bool TryGetFloatArray(string key, [NotNullWhen(true)] out float[]? value) =>
        TryGet(
            key,
            static (GgufValue stored, [MaybeNullWhen(false)] out float[] numbers) => stored.TryGetFloats(out numbers),
            "an array of Float32",
            out value);

    /// <summary>Reads an array of integers of any width that all fit in 32 signed bits.</summary>
    /// <exception cref="GgufException">The key is missing or not such an array.</exception>
    public int[] GetInt32Array(string key) => Get<int[]>(key, TryGetInt32Array);

    /// <summary>Reads an array of integers of any width that all fit in 32 signed bits, where the key is there.</summary>
    /// <exception cref="GgufException">The value is not such an array.</exception>
    public bool TryGetInt32Array(string key, [NotNullWhen(true)] out int[]? value) =>
        TryGet(
            key,
            static (GgufValue stored, [MaybeNullWhen(false)] out int[] numbers) => stored.TryGetIntegers(out numbers),
            "an array of integers that fit in Int32",
            out value);

    /// <summary>All keys and values in the file's order. Does not consume them.</summary>
    public IEnumerator<KeyValuePair<string, GgufValue>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>A fault of one key of this file.</summary>
    public GgufException Fault(string key, string problem) => new(_filePath, $"metadata '{key}' {problem}");

    private static bool IsTruth(GgufValue stored, out bool truth)
    {
        if (stored.TryGetBool(out truth))
            return true;

        bool isInteger = stored.TryGetInteger(out long number);
        truth = number == 1;
        return isInteger && number is (0 or 1);
    }

    private static bool IsNumber(GgufValue stored, out float number)
    {
        if (stored.TryGetFloat(out number))
            return true;

        bool isInteger = stored.TryGetInteger(out int whole);
        number = whole;
        return isInteger && (int)number == whole && whole != int.MaxValue;
    }

    private delegate bool Trying<T>(string key, [MaybeNullWhen(false)] out T value);

    private T Get<T>(string key, Trying<T> tryGet) =>
        tryGet(key, out T? value) ? value : throw new GgufException(_filePath, $"metadata '{key}' is missing");

    private bool TryGetInteger<T>(string key, out T value)
        where T : unmanaged, IBinaryInteger<T> =>
        TryGet(
            key,
            static (GgufValue stored, out T number) => stored.TryGetInteger(out number),
            $"an integer that fits in {typeof(T).Name}",
            out value);

    private bool TryGet<T>(string key, Reading<T> read, string wanted, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (!TryGetValue(key, out GgufValue? stored))
            return false;

        return read(stored, out value) ? true : throw new GgufException(_filePath, $"metadata '{key}' is {stored}, not {wanted}");
    }
}
