namespace QwenSharp.Formats;

/// <summary>
/// A GGUF file that is truncated, damaged, hostile or lacks what its reader needs. The one exception of this format:
/// its message names the file, what is wrong and, where there is one, the byte at which it was found.
/// </summary>
public sealed class GgufException : IOException
{
    /// <summary>A fault of a file.</summary>
    /// <param name="filePath">The file at fault.</param>
    /// <param name="problem">What is wrong and what to do, as a clause without a full stop.</param>
    /// <param name="offset">The byte at which it was found, counted from the start of the file; null where no single byte is to
    /// blame.</param>
    public GgufException(string filePath, string problem, long? offset = null)
        : base(offset is long at ? $"{filePath}: {problem} (at byte {at})." : $"{filePath}: {problem}.")
    {
        FilePath = filePath;
        Offset = offset;
    }

    /// <summary>The file at fault.</summary>
    public string FilePath { get; }

    /// <summary>The byte at which the fault was found, or null.</summary>
    public long? Offset { get; }
}
