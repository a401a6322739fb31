namespace QwenSharp.Models;

/// <summary>
/// A checkpoint that cannot be run as it is: the message names the tensor, the key or the number at fault, and what was expected.
/// </summary>
public sealed class ModelLoadException(string message) : Exception(message);
