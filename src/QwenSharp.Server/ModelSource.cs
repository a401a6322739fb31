namespace QwenSharp.Server;

/// <summary>A model to serve.</summary>
/// <param name="Path">Its GGUF file; the first of a split one.</param>
/// <param name="Options">Its name, threads, context and batch; null for the defaults.</param>
public sealed record ModelSource(string Path, QwenModelOptions? Options = null);
