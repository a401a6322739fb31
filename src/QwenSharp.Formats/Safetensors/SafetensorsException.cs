namespace QwenSharp.Formats;

/// <summary>
/// A safetensors file that is truncated, damaged, hostile or lacks what its reader needs. The one exception of this format:
/// its message names the file and what is wrong.
/// </summary>
/// <param name="filePath">The file at fault.</param>
/// <param name="problem">What is wrong and what to do, as a clause without a full stop.</param>
public sealed class SafetensorsException(string filePath, string problem) : IOException($"{filePath}: {problem}.")
{
    /// <summary>The file at fault.</summary>
    public string FilePath { get; } = filePath;
}
