namespace QwenSharp.Server.Models;

/// <summary>Names that stand for models: each for one, or, with <c>*</c> at its end, all that begin so.</summary>
/// <param name="aliases">Models by alias.</param>
internal sealed class ModelAliases(IReadOnlyDictionary<string, string> aliases)
{
    /// <summary>The models that aliases stand for, by alias.</summary>
    public IReadOnlyDictionary<string, string> All => aliases;

    /// <summary>The model that a name stands for: by the alias that is the name, or else by the longest that it begins with.</summary>
    public string? Resolve(string name) => aliases.GetValueOrDefault(name) ?? aliases
        .Where(alias => alias.Key.EndsWith('*') && name.StartsWith(alias.Key[..^1], StringComparison.Ordinal))
        .OrderByDescending(alias => alias.Key.Length)
        .Select(alias => alias.Value)
        .FirstOrDefault();
}
