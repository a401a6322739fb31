namespace QwenSharp.Formats;

/// <summary>
/// A file of a Hugging Face folder that is missing, malformed, or says something that cannot be: the message names the file, the key and
/// what is wrong.
/// </summary>
/// <param name="filePath">The file at fault.</param>
/// <param name="problem">What is wrong and what to do, as a clause without a full stop.</param>
public sealed class HuggingFaceException(string filePath, string problem) : IOException($"{filePath}: {problem}.")
{
    /// <summary>The file at fault.</summary>
    public string FilePath { get; } = filePath;
}
