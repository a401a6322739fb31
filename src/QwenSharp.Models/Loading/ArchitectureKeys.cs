using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>The metadata keys of one architecture, without its prefix.</summary>
internal sealed class ArchitectureKeys(GgufMetadata metadata, string architecture)
{
    /// <summary>GGUF's name of the architecture.</summary>
    public string Architecture => architecture;

    /// <summary>The whole name of a key.</summary>
    public string Name(string key) => $"{architecture}.{key}";

    /// <summary>A required number. A program may write it for each layer; it must be the same in all.</summary>
    public int Int(string key) => OfLayers(key, null) ?? metadata.GetInt32(Name(key));

    /// <summary>A number with a default.</summary>
    public int Int(string key, int otherwise) =>
        OfLayers(key, null) ?? (metadata.TryGetInt32(Name(key), out int value) ? value : otherwise);

    /// <summary>A number with a default, of which a layer may have none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="otherwise">The default; null where it is required.</param>
    /// <param name="layers">How many layers there are; what stands behind them is not asked for.</param>
    /// <param name="has">Which of them have one.</param>
    public int Int(string key, int? otherwise, int layers, Func<int, bool> has) =>
        OfLayers(key, has, layers) ?? (otherwise is { } number ? Int(key, number) : Int(key));

    /// <summary>The number of an array that has one for each layer; null where the key is missing or no array.</summary>
    /// <exception cref="ModelLoadException">It has too few numbers, or different ones.</exception>
    private int? OfLayers(string key, Func<int, bool>? has, int layers = 0)
    {
        if (!metadata.TryGetValue(Name(key), out GgufValue? value) || value.Type != GgufValueType.Array)
            return null;
        if (!value.TryGetIntegers(out int[]? numbers) || numbers.Length == 0)
            throw new ModelLoadException($"Metadata '{Name(key)}' is {value}; a whole number is expected, or one for each layer.");
        if (has is not null && numbers.Length > 1 && numbers.Length < layers)
            throw new ModelLoadException($"Metadata '{Name(key)}' has {numbers.Length} numbers for {layers} layers.");

        int[] asked = has is null || numbers.Length == 1 ? numbers : [.. numbers.Where((_, layer) => layer < layers && has(layer))];
        return asked.Distinct().Take(2).ToArray() is [var same]
            ? same
            : throw new ModelLoadException(
                $"Metadata '{Name(key)}' is {value}: the layers differ. This build runs models whose layers are alike; a pruned model of "
                    + "this kind it does not.");
    }

    /// <summary>A number with a default, in as many bits as any takes.</summary>
    public long Int64(string key, long otherwise) => metadata.TryGetInt64(Name(key), out long value) ? value : otherwise;

    /// <summary>A required number.</summary>
    public float Float(string key) => metadata.GetFloat(Name(key));

    /// <summary>A number with a default.</summary>
    public float Float(string key, float otherwise) => metadata.TryGetFloat(Name(key), out float value) ? value : otherwise;

    /// <summary>A text, or null where there is none.</summary>
    public string? Text(string key) => metadata.TryGetString(Name(key), out string? value) ? value : null;

    /// <summary>An array of texts; empty where there is none.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        metadata.TryGetStringArray(Name(key), out GgufStringArray? texts) && texts.Count > 0 ? texts.ToStrings() : [];

    /// <summary>A truth, or null where there is none.</summary>
    public bool? Flag(string key) => metadata.TryGetBool(Name(key), out bool value) ? value : null;

    /// <summary>A required array of numbers.</summary>
    public int[] Ints(string key) => metadata.GetInt32Array(Name(key));
}
