using System.Text.Json;

namespace QwenSharp.Hub;

/// <summary>The short names of published Qwen models and the repositories they stand for; the data is <c>models.json</c>.</summary>
public static class ModelNames
{
    private static readonly Lazy<OrderedDictionary<string, string>> Table = new(Read);

    /// <summary>All names, family by family, with the repository (ORG/NAME, or ORG/NAME:QUANT) of each.</summary>
    public static IReadOnlyDictionary<string, string> All => Table.Value;

    /// <summary>The names in a family: <c>qwen3</c> has <c>qwen3:0.6b</c>, <c>qwen3:1.7b</c>, …</summary>
    public static IEnumerable<string> SizesOf(string name) =>
        All.Keys.Where(key => key.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));

    private static OrderedDictionary<string, string> Read()
    {
        using Stream stream = typeof(ModelNames).Assembly.GetManifestResourceStream("models.json")!;
        using JsonDocument document = JsonDocument.Parse(stream);
        OrderedDictionary<string, string> table = new(StringComparer.OrdinalIgnoreCase);
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
            table.Add(entry.Name, entry.Value.GetString()!);

        return table;
    }
}
