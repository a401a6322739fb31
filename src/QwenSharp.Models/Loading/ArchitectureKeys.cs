using QwenSharp.Formats;

namespace QwenSharp.Models;

/// <summary>The metadata keys of one architecture, without its prefix.</summary>
internal sealed class ArchitectureKeys(GgufMetadata metadata, string architecture)
{
    /// <summary>GGUF's name of the architecture.</summary>
    public string Architecture => architecture;

    /// <summary>The whole name of a key.</summary>
    public string Name(string key) => $"{architecture}.{key}";

    /// <summary>A required number.</summary>
    public int Int(string key) => metadata.GetInt32(Name(key));

    /// <summary>A number with a default.</summary>
    public int Int(string key, int otherwise) => metadata.TryGetInt32(Name(key), out int value) ? value : otherwise;

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
