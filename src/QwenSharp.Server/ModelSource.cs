namespace QwenSharp.Server;

/// <summary>A model to serve.</summary>
/// <param name="Path">Its GGUF file; the first of a split one.</param>
public sealed record ModelSource(string Path);
