using System.Collections.Frozen;

namespace QwenSharp.Corpus;

/// <summary>The named lists of values, <c>pools.txt</c>.</summary>
internal static class Pools
{
    private static readonly FrozenDictionary<string, Pool> All = DataFile.Lines("pools.txt")
        .Select(line => DataFile.Field(line))
        .ToFrozenDictionary(line => line.Name, line => new Pool(line.Value.Split('|')));

    public static Pool Find(string name) =>
        All.TryGetValue(name, out Pool? pool) ? pool : throw new FormatException($"There is no list of values '{name}'.");

    public static bool Has(string name) => All.ContainsKey(name);
}
