using System.Text.RegularExpressions;

namespace QwenSharp.Corpus.Skills.Tools;

/// <summary>
/// What a tool is about, from which tools of many names are made: verbs and nouns of its name, parameters, requests that need it,
/// fields of its result and sentences that report them.
/// </summary>
internal sealed partial record ToolKind(string Id, string Domain)
{
    public required IReadOnlyList<string> Verbs { get; init; }

    public required IReadOnlyList<string> Nouns { get; init; }

    public required string About { get; init; }

    /// <summary>What a request for it wants done: "get the weather of a city".</summary>
    public required string Task { get; init; }

    public required IReadOnlyList<NamedSlot> Slots { get; init; }

    public required IReadOnlyList<string> Asks { get; init; }

    /// <summary>A request that goes on from one before: "And in {city}?"; null for none.</summary>
    public string? Also { get; init; }

    public required IReadOnlyList<(string Name, SlotKind Kind)> Results { get; init; }

    public required IReadOnlyList<string> Says { get; init; }

    /// <summary>All kinds of <c>tools.txt</c>.</summary>
    public static IReadOnlyList<ToolKind> All { get; } = [.. Read(DataFile.Lines("tools.txt"))];

    private static IEnumerable<ToolKind> Read(IReadOnlyList<string> lines)
    {
        for (int start = 0; start < lines.Count;)
        {
            int end = start + 1;
            while (end < lines.Count && !lines[end].StartsWith("tool ", StringComparison.Ordinal))
                end++;

            yield return Read(
                lines[start].Split(' '),
                [.. lines.Skip(start + 1).Take(end - start - 1).Select(line => DataFile.Field(line))]);
            start = end;
        }
    }

    private static ToolKind Read(string[] head, (string Name, string Value)[] fields)
    {
        string[] name = One("name").Split("; ");
        return new ToolKind(head[1], head[2])
        {
            Verbs = name[0].Split('|'),
            Nouns = name[1].Split('|'),
            About = One("about"),
            Task = Infinitive(FirstChoice().Replace(One("about"), "$1")),
            Slots =
            [
                .. fields
                    .Where(field => field.Name is not ("name" or "about" or "ask" or "also" or "result" or "say"))
                    .Select(field => NamedSlot.Read(field.Name, field.Value)),
            ],
            Asks = Every("ask"),
            Also = Every("also").FirstOrDefault(),
            Results =
            [
                .. One("result")
                    .Split("; ")
                    .Select(result => DataFile.Field(result, "="))
                    .Select(result => (result.Name, SlotKind.Parse(result.Value))),
            ],
            Says = Every("say"),
        };

        string One(string name) => Every(name).Single();
        string[] Every(string name) => [.. fields.Where(field => field.Name == name).Select(field => field.Value)];
    }

    // "Searches notes" is "search notes".
    private static string Infinitive(string about)
    {
        string verb = about[..about.IndexOf(' ', StringComparison.Ordinal)];
        int ending = verb.EndsWith("ches", StringComparison.Ordinal) ? 2 : 1;
        return char.ToLowerInvariant(verb[0]) + verb[1..^ending] + about[verb.Length..];
    }

    [GeneratedRegex(@"\[([^|\]]*)[^\]]*\]")]
    private static partial Regex FirstChoice();
}
