using System.Globalization;

namespace QwenSharp.Formats;

/// <summary>The name of one file of a split model: <c>PREFIX-00001-of-00003.gguf</c>. Numbers begin at 1.</summary>
/// <param name="Prefix">What all files of the model begin with, folder and all.</param>
/// <param name="Number">Which file this is.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct GgufShardName(string Prefix, int Number, int Count)
{
    private const string Extension = ".gguf";
    private const string Middle = "-of-";
    private const int Digits = 5;
    private const int SuffixLength = 1 + Digits + 4 + Digits;

    /// <summary>The path of shard <paramref name="number"/> of the same model.</summary>
    public string Path(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{number:D5}{Middle}{Count:D5}{Extension}");

    /// <summary>Reads the numbers from a file's path; null where it is not the name of a shard.</summary>
    public static GgufShardName? Parse(string path)
    {
        if (!path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) || path.Length < Extension.Length + SuffixLength)
            return null;

        string stem = path[..^Extension.Length];
        ReadOnlySpan<char> suffix = stem.AsSpan()[^SuffixLength..];
        return suffix[0] == '-'
            && suffix.Slice(1 + Digits, Middle.Length).SequenceEqual(Middle)
            && int.TryParse(suffix.Slice(1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(suffix[^Digits..], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? new GgufShardName(stem[..^SuffixLength], number, count)
                : null;
    }
}
