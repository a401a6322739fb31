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
        if (quant is null && sets.Count == 1)
            return sets[0];

        string wanted = quant ?? Default;
        IReadOnlyList<GgufSet> exact = [.. sets.Where(set => set.Is(wanted))];
        IReadOnlyList<GgufSet> found = exact.Count > 0 ? exact : [.. sets.Where(set => set.Contains(wanted))];
        if (found.Count == 1)
            return found[0];

        string problem = (found.Count, quant) switch
        {
            (0, null) => $"{repo} has several quantisations and no {Default}",
            (0, _) => $"{repo} has no {quant}",
            _ => $"{repo} has several files of {wanted}",
        };
        IEnumerable<string> choices =
            found.Count > 0 ? found.Select(set => System.IO.Path.GetFileName(set.Stem)) : sets.Select(set => set.Quant);
        throw new HubException($"{problem}. Choose one as {repo}:NAME of: {string.Join(", ", choices)}.");
    }

    private bool Is(string wanted) => string.Equals(Quant, wanted, StringComparison.OrdinalIgnoreCase)
        || string.Equals(Name(Stem), WithoutExtension(wanted), StringComparison.OrdinalIgnoreCase)
        || Paths.Contains(wanted, StringComparer.OrdinalIgnoreCase);

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
