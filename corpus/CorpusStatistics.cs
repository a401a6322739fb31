using System.Globalization;
using System.Text;

namespace QwenSharp.Corpus;

/// <summary>What a corpus holds: examples and characters, by skill and kind.</summary>
/// <param name="seed">The seed that it was generated from.</param>
public sealed class CorpusStatistics(ulong seed)
{
    private readonly SortedDictionary<(int Skill, string Kind), (long Examples, long Characters, long Longest)> _rows = [];

    /// <summary>Counts one exercise.</summary>
    /// <param name="exercise">The exercise.</param>
    /// <param name="characters">The length of its line in the file, in UTF-16 units.</param>
    public void Add(Exercise exercise, int characters)
    {
        ArgumentNullException.ThrowIfNull(exercise);
        (int, string) key = (CorpusGenerator.Skills.ToList().IndexOf(exercise.Skill), exercise.Kind);
        (long examples, long sum, long longest) = _rows.GetValueOrDefault(key);
        _rows[key] = (examples + 1, sum + characters, Math.Max(longest, characters));
    }

    /// <summary>The table in Markdown.</summary>
    public string ToMarkdown()
    {
        long examples = _rows.Values.Sum(row => row.Examples), characters = _rows.Values.Sum(row => row.Characters);
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $"# The corpus of seed {seed}\n\n{examples:N0} examples, {characters:N0} characters of JSONL.\n\n");
        text.Append("| skill | kind | examples | share | characters each | longest |\n|---|---|---:|---:|---:|---:|\n");
        foreach (((int skill, string kind), (long count, long sum, long longest)) in _rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {CorpusGenerator.Skills[skill]} | {kind} | {count:N0} | {100.0 * count / examples:0.0} % | {(double)sum / count:0} | "
                    + $"{longest} |\n"
            );
        }

        return text.ToString();
    }

    /// <summary>The same as one JSON object.</summary>
    public string ToJson()
    {
        IEnumerable<string> rows = _rows.Select(row => SpacedJson.Object(
        [
            ("skill", SpacedJson.Text(CorpusGenerator.Skills[row.Key.Skill])),
            ("kind", SpacedJson.Text(row.Key.Kind)),
            ("examples", row.Value.Examples.ToString(CultureInfo.InvariantCulture)),
            ("characters", row.Value.Characters.ToString(CultureInfo.InvariantCulture)),
            ("longest", row.Value.Longest.ToString(CultureInfo.InvariantCulture)),
        ]));
        return SpacedJson.Object(
        [
            ("seed", seed.ToString(CultureInfo.InvariantCulture)),
            ("examples", _rows.Values.Sum(row => row.Examples).ToString(CultureInfo.InvariantCulture)),
            ("characters", _rows.Values.Sum(row => row.Characters).ToString(CultureInfo.InvariantCulture)),
            ("kinds", $"[{string.Join(", ", rows)}]"),
        ]);
    }
}
