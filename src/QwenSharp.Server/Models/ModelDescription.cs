namespace QwenSharp.Server.Models;

/// <summary>What a model is, whether it is loaded or not: nothing here changes.</summary>
/// <param name="Key">Under what it is kept while it is loaded; two names of one key share one loaded model.</param>
/// <param name="Path">Its GGUF file or folder; null for one that was handed over as it runs.</param>
/// <param name="Options">How to load it.</param>
/// <param name="Stays">Whether it is loaded when the server starts and never unloaded.</param>
internal sealed record ModelDescription(string Key, string? Path, QwenModelOptions Options, bool Stays = false);
