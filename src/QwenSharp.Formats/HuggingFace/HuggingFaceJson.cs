using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using QwenSharp.Faults;

namespace QwenSharp.Formats;

/// <summary>
/// An object in a JSON file of a Hugging Face folder, with typed access. <c>Get…</c> refuses a missing key; <c>TryGet…</c> returns false
/// for it; both refuse a value of another type with an exception that names the file and the key. A null counts as missing.
/// </summary>
/// <remarks>Reading a key marks it as consumed, so that a reader can tell what it did not understand.</remarks>
public sealed class HuggingFaceJson
{
    // A tokenizer.json is read by its own reader; what comes through here is configuration and tables of tensor names.
    private const long MaxBytes = 64 << 20;

    private readonly JsonElement _element;
    private readonly string _prefix;
    private readonly HashSet<string> _consumed = [];

    private HuggingFaceJson(string path, string prefix, JsonElement element) => (Path, _prefix, _element) = (path, prefix, element);

    private delegate bool Reading<T>(JsonElement element, [MaybeNullWhen(false)] out T value);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The keys in the file's order.</summary>
    public IEnumerable<string> Names => _element.EnumerateObject().Select(property => property.Name);

    /// <summary>Reads a file whose whole is one object.</summary>
    /// <exception cref="HuggingFaceException">The file is missing or too large, is not JSON, repeats a key, or is no object.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static HuggingFaceJson Read(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
            throw new HuggingFaceException(path, "the file is missing");
        if (file.Length > MaxBytes)
            throw new HuggingFaceException(path, $"it has {file.Length} bytes; {MaxBytes} are allowed");

        try
        {
            ReadOnlyMemory<byte> utf8 = File.ReadAllBytes(path);
            if (utf8.Span.StartsWith("\uFEFF"u8))
                utf8 = utf8[3..];

            // The parser checks texts only when they are asked for.
            if (!Utf8.IsValid(utf8.Span))
                throw new HuggingFaceException(path, "it is not valid JSON: it has bytes that are not UTF-8");

            // The parser compares names and so finds those that are no text: half of a surrogate pair, escaped.
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new HuggingFaceJson(path, "", document.RootElement.Clone())
                : throw new HuggingFaceException(path, $"it is no JSON object but {document.RootElement.ValueKind}");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new HuggingFaceException(path, $"it is not valid JSON: {JsonProblem.Of(wrong)}");
        }
    }

    /// <summary>Reads a file, where there is one.</summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static HuggingFaceJson? ReadIfPresent(string path) => File.Exists(path) ? Read(path) : null;

    /// <summary>Whether the key is there and not null. Does not consume it.</summary>
    public bool Has(string name) => _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The keys that no one has read, null ones left out.</summary>
    public IReadOnlyList<string> Unconsumed() =>
        [.. Names.Where(name => Has(name) && !_consumed.Contains(name)).Select(name => _prefix + name)];

    /// <summary>An integer of 32 signed bits; 32768.0 is one too.</summary>
    /// <exception cref="HuggingFaceException">The key is missing or something else.</exception>
    public int GetInt32(string name) => TryGetInt32(name, out int value) ? value : throw Missing(name);

    /// <summary>An integer of 32 signed bits, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetInt32(string name, out int value) => TryGet(name, IsInt32, "a whole number", out value);

    /// <summary>A finite number.</summary>
    /// <exception cref="HuggingFaceException">The key is missing or something else.</exception>
    public double GetNumber(string name) => TryGetNumber(name, out double value) ? value : throw Missing(name);

    /// <summary>A finite number, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetNumber(string name, out double value) => TryGet(name, IsNumber, "a number", out value);

    /// <summary>A truth value, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetBool(string name, out bool value) => TryGet(name, IsBool, "true or false", out value);

    /// <summary>A text.</summary>
    /// <exception cref="HuggingFaceException">The key is missing or something else.</exception>
    public string GetString(string name) => TryGetString(name, out string? value) ? value : throw Missing(name);

    /// <summary>A text, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetString(string name, [NotNullWhen(true)] out string? value) => TryGet(name, IsString, "a text", out value);

    /// <summary>An object.</summary>
    /// <exception cref="HuggingFaceException">The key is missing or something else.</exception>
    public HuggingFaceJson GetObject(string name) => TryGetObject(name, out HuggingFaceJson? value) ? value : throw Missing(name);

    /// <summary>An object, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetObject(string name, [NotNullWhen(true)] out HuggingFaceJson? value)
    {
        value = null;
        if (!TryGet(name, IsObject, "an object", out JsonElement element))
            return false;

        value = new HuggingFaceJson(Path, $"{_prefix}{name}.", element);
        return true;
    }

    /// <summary>The texts of an array, where the key is there; a text alone counts as an array of one.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetStrings(string name, [NotNullWhen(true)] out string[]? values) => TryGetMany(name, IsString, "texts", out values);

    /// <summary>The integers of an array, where the key is there; an integer alone counts as an array of one.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetInt32s(string name, [NotNullWhen(true)] out int[]? values) => TryGetMany(name, IsInt32, "whole numbers", out values);

    /// <summary>The objects of an array, where the key is there.</summary>
    /// <exception cref="HuggingFaceException">The value is something else.</exception>
    public bool TryGetObjects(string name, [NotNullWhen(true)] out HuggingFaceJson[]? values)
    {
        values = TryGetMany(name, IsObject, "objects", out JsonElement[]? elements)
            ? [.. elements.Select(element => new HuggingFaceJson(Path, $"{_prefix}{name}[].", element))]
            : null;
        return values is not null;
    }

    /// <summary>
    /// The texts of an array of objects by their names, where the value is such an array; false where it is something else or missing.
    /// </summary>
    /// <exception cref="HuggingFaceException">An element lacks its name or its text, or two have the same name.</exception>
    public bool TryGetNamedTexts(
        string name,
        string nameOfName,
        string nameOfText,
        [NotNullWhen(true)] out Dictionary<string, string>? texts)
    {
        texts = null;
        if (!Has(name) || _element.GetProperty(name) is not { ValueKind: JsonValueKind.Array } array)
            return false;

        _consumed.Add(name);
        texts = [];
        foreach (JsonElement element in array.EnumerateArray())
        {
            HuggingFaceJson item =
                element.ValueKind == JsonValueKind.Object
                    ? new(Path, $"{_prefix}{name}[].", element)
                    : throw Fault(name, "has an element that is no object");
            if (!texts.TryAdd(item.GetString(nameOfName), item.GetString(nameOfText)))
                throw Fault(name, $"has '{item.GetString(nameOfName)}' twice");
        }

        return true;
    }

    /// <summary>A fault of one key of this file.</summary>
    public HuggingFaceException Fault(string name, string problem) => new(Path, $"'{_prefix}{name}' {problem}");

    /// <summary>Marks a key as consumed whatever its value.</summary>
    public void Skip(string name) => _consumed.Add(name);

    /// <summary>The value as JSON, shortened, for a message or to compare; null where the key is missing.</summary>
    public string? Raw(string name)
    {
        if (!Has(name))
            return null;

        _consumed.Add(name);
        string text = _element.GetProperty(name).GetRawText();
        return text.Length > 100 ? text[..100] + "…" : text;
    }

    private static bool IsInt32(JsonElement element, out int value)
    {
        value = 0;
        if (element.ValueKind != JsonValueKind.Number)
            return false;
        if (element.TryGetInt32(out value))
            return true;

        // Programs without whole numbers write 32768 as 32768.0.
        bool isWhole = element.TryGetDouble(out double number) && number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue;
        value = isWhole ? (int)number : 0;
        return isWhole;
    }

    private static bool IsNumber(JsonElement element, out double value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out value) && double.IsFinite(value);
    }

    private static bool IsBool(JsonElement element, out bool value)
    {
        value = element.ValueKind == JsonValueKind.True;
        return element.ValueKind is JsonValueKind.True or JsonValueKind.False;
    }

    private static bool IsString(JsonElement element, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (element.ValueKind != JsonValueKind.String)
            return false;

        try
        {
            value = element.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // An escape of half a surrogate pair: no text.
            return false;
        }
    }

    private static bool IsObject(JsonElement element, out JsonElement value)
    {
        value = element;
        return element.ValueKind == JsonValueKind.Object;
    }

    private bool TryGetMany<T>(string name, Reading<T> read, string wanted, [NotNullWhen(true)] out T[]? values)
    {
        values = null;
        if (!Has(name))
            return false;

        _consumed.Add(name);
        JsonElement element = _element.GetProperty(name);
        List<T> items = [];
        foreach (JsonElement item in element.ValueKind == JsonValueKind.Array ? [.. element.EnumerateArray()] : (JsonElement[])[element])
            items.Add(read(item, out T? value) ? value : throw Fault(name, $"is {Raw(name)}, not {wanted}"));

        values = [.. items];
        return true;
    }

    private bool TryGet<T>(string name, Reading<T> read, string wanted, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (!Has(name))
            return false;

        _consumed.Add(name);
        return read(_element.GetProperty(name), out value) ? true : throw Fault(name, $"is {Raw(name)}, not {wanted}");
    }

    private HuggingFaceException Missing(string name) => Fault(name, "is missing");
}
