namespace QwenSharp.Models;

/// <summary>
/// The published shapes of Qwen models, for measurements without a download; each stands with its family.
/// Source: each model's <c>config.json</c> on Hugging Face (Qwen2.5: the Instruct checkpoints; Qwen3: the hybrid ones).
/// </summary>
public static class ModelShapes
{
    /// <summary>Shapes by name, such as "qwen3-4b".</summary>
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new OrderedDictionary<string, ModelConfig>(
        Family.All.SelectMany(family => family.Shapes).Select(shape => KeyValuePair.Create(shape.Name, shape.Config)),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>A shape by its name.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static ModelConfig Find(string name) => All.TryGetValue(name, out ModelConfig? config)
        ? config
        : throw new ArgumentException($"There is no shape '{name}'; there are {string.Join(", ", All.Keys)}.", nameof(name));
}
