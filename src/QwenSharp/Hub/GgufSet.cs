using System.Globalization;
using System.Text.RegularExpressions;

namespace QwenSharp.Hub;

/// <summary>The files of one GGUF model: one, or all shards of a split one.</summary>
/// <param name="Stem">The path without shard number and extension.</param>
/// <param name="Quant">What its name says of its quantisation, in upper case (<c>Q4_K_M</c>, <c>UD-Q4_K_XL</c>, <c>BF16</c>); the file's
/// name where it says nothing.</param>
/// <param name="Shards">How many files it has when complete.</param>
/// <param name="Paths">The files there are, in order.</param>
internal sealed partial record GgufSet(string Stem, string Quant, int Shards, IReadOnlyList<string> Paths)
{
    /// <summary>The quantisation to take when nobody says which: small, and close to the original.</summary>
    public const string Default = "Q4_K_M";

    /// <summary>Whether all shards are there.</summary>
    public bool IsComplete => Paths.Count == Shards;

    /// <summary>Finds the models among paths; vision projectors, importance matrices and draft heads are none.</summary>
    public static IReadOnlyList<GgufSet> Of(IEnumerable<string> paths) =>
    [
        .. paths.Where(IsModel)
            .Select(path => (Path: path, Name: ShardName().Match(path)))
            .GroupBy(file => (Stem: file.Name.Groups["stem"].Value, Count: file.Name.Groups["count"].Value))
            .Select(set => new GgufSet(
                set.Key.Stem,
                QuantOf(set.Key.Stem),
                set.Key.Count.Length == 0 ? 1 : int.Parse(set.Key.Count, CultureInfo.InvariantCulture),
                [.. set.Select(file => file.Path).Order(StringComparer.Ordinal)]))
            .OrderBy(set => set.Stem, StringComparer.Ordinal),
    ];

    /// <summary>Picks the one model that is meant.</summary>
    /// <param name="sets">The models there are; at least one.</param>
    /// <param name="quant">The quantisation asked for, or a file's name; null for the only one, or <see cref="Default"/>.</param>
    /// <param name="repo">The repository, for messages.</param>
    /// <exception cref="HubException">None or several are meant; the message lists the choices.</exception>
    public static GgufSet Choose(IReadOnlyList<GgufSet> sets, string? quant, string repo)
    {
        IReadOnlyList<GgufSet> models = OnePerModel(sets),
            found = quant is null && models.Count == 1 ? models : OnePerModel(Named(sets, quant ?? Default));
        if (found.Count == 1)
            return found[0];

        string problem = (found.Count, quant) switch
        {
            (0, null) => $"{repo} has several quantisations and no {Default}",
            (0, _) => $"{repo} has no {quant}",
            _ => $"{repo} has several files of {quant ?? Default}",
        };

        // Whatever is offered stands for the one that is meant when it is typed.
        IEnumerable<string> choices = (found.Count > 0 ? found : models)
            .Select(set => set.Spellings.First(spelling => OnePerModel(Named(sets, spelling)) is [var one] && one == set));
        throw new HubException($"{problem}. Choose one as {repo}:NAME of: {string.Join(", ", choices)}.");
    }

    /// <summary>
    /// The models that a name stands for: an exact file name before all else, with its extension or without, any shard's too; then the same
    /// whatever the case; then the quantisation; then a part of the name.
    /// </summary>
    public static IReadOnlyList<GgufSet> Named(IReadOnlyList<GgufSet> sets, string wanted)
    {
        foreach (StringComparison comparison in (StringComparison[])[StringComparison.Ordinal, StringComparison.OrdinalIgnoreCase])
        {
            foreach (Func<string, bool> fits in (Func<string, bool>[])
                [path => path.Equals(wanted, comparison), path => path.EndsWith("/" + wanted, comparison)])
            {
                foreach (Func<GgufSet, IEnumerable<string>> names in (Func<GgufSet, IEnumerable<string>>[])
                    [set => set.Paths, set => set.Paths.Select(WithoutExtension), set => [set.Stem, set.Stem + ".gguf"]])
                {
                    if (sets.Where(set => names(set).Any(fits)).ToArray() is { Length: > 0 } exact)
                        return exact;
                }
            }
        }

        GgufSet[] quants = [.. sets.Where(set => string.Equals(set.Quant, wanted, StringComparison.OrdinalIgnoreCase))];
        return quants.Length > 0 ? quants : [.. sets.Where(set => set.Contains(wanted))];
    }

    /// <summary>
    /// Of a model that is there both whole and split, or split in two ways, the files that are complete, and of these the fewest: the
    /// weights are the same.
    /// </summary>
    private static IReadOnlyList<GgufSet> OnePerModel(IReadOnlyList<GgufSet> sets) =>
    [
        .. sets.GroupBy(set => set.Stem, StringComparer.Ordinal)
            .Select(same => same.OrderByDescending(set => set.IsComplete).ThenBy(set => set.Shards).First()),
    ];

    /// <summary>What may be typed for it, the shortest first.</summary>
    private IEnumerable<string> Spellings => [Quant, Name(Stem), Stem, Paths[0]];

    // Between separators, so that Q4_K is not found in Q4_K_M.
    private bool Contains(string wanted) =>
        Regex.IsMatch(Stem, $"(?:^|[-./]){Regex.Escape(wanted)}(?:$|[-./])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static string QuantOf(string stem) =>
        QuantName().Match(Name(stem)) is { Success: true } match ? match.Groups["quant"].Value.ToUpperInvariant() : Name(stem);

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string WithoutExtension(string name) =>
        name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? name[..^".gguf".Length] : name;

    private static bool IsModel(string path) =>
        path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !NoModel().IsMatch(Name(path));

    [GeneratedRegex(
        @"^(?<stem>.+?)(?:-(?<number>\d{5})-of-(?<count>\d{5}))?\.gguf$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();

    [GeneratedRegex(
        @"(?:^|[-._])(?<quant>(?:UD-)?(?:I?Q\d|TQ\d)(?:_[A-Z0-9]+)*|(?:UD-)?(?:BF|FP|F)(?:8|16|32)|(?:MX|NV)FP4(?:_[A-Z]+)*)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex QuantName();

    [GeneratedRegex(@"mmproj|imatrix|^mtp-|^eagle3?-|^dflash-", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoModel();
}
