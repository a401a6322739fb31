using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>
/// Fields of a sentence as one JSON object, in the order in which they are asked for; null where the sentence does not say.
/// </summary>
internal sealed class Extraction : Skill
{
    private static readonly Record[] Records = [.. Record.Read(DataFile.Lines("records.txt"))];

    // {fields}: "name, city and age"; {keys}: "name", "city"; {types}: {"name": string}; {schema}: a JSON schema; {text}: the sentence.
    private static readonly string[] Instructions =
    [
        "[Extract|Get|Pull out|Find|Give me] {fields} as JSON: {text}",
        "[Extract|Get|Find|Read] {fields} from [this|the] [text|sentence|message] as [a |]JSON[ object|].\n{text}",
        "[Return|Answer with|Give me|Reply with] [a JSON object|JSON] with [the keys|keys|the fields] {keys}[.|:]\n{text}",
        "{text}\n[Extract|Return|Give me|Write] {fields} as JSON[.|]",
        "{text}\n\n[Put|Write] [this|that|it] as JSON with [keys|fields|the keys] {keys}[.|]",
        "[Schema|JSON schema|Format|Output format]: {types}\n[Text: |]{text}",
        "[Fill in|Fill|Complete] {types} from[ this text|]: {text}",
        "[Extract|Read] [the data|the fields] [by|with|under|following] this schema: {schema}\n{text}",
        "[Text|Input|Message]: {text}\n[Schema|Return JSON for|JSON schema]: {schema}",
        "JSON, {fields}: {text}",
        "Turn this into JSON ({fields}): {text}",
    ];

    public override string Name => "extraction";

    public override int Share => 15;

    public override Exercise Make(Draw draw)
    {
        Record record = draw.Of(Records);
        Dictionary<string, SlotValue> values = [];
        string text = Grammar.Expand(draw.Of(record.Says), draw, slot =>
        {
            if (!values.TryGetValue(slot, out SlotValue value))
                values[slot] = value = record.Slots.First(candidate => candidate.Slot == slot).Kind.Draw(draw);

            return value.Said;
        }).TrimEnd();

        List<NamedSlot> said = [.. record.Slots.Where(slot => values.ContainsKey(slot.Slot))];
        List<NamedSlot> asked = draw.Some(said, draw.Between(2, 4));
        if (draw.Chance(25) && record.Slots.FirstOrDefault(slot => !values.ContainsKey(slot.Slot)) is { } unsaid)
            asked.Insert(draw.Below(asked.Count + 1), unsaid);

        (string Name, NamedSlot Slot)[] fields = [.. asked.Select(slot => (draw.Of(slot.Names), slot)).DistinctBy(field => field.Item1)];
        string json = SpacedJson.Object(
            fields.Select(field => (field.Name, values.TryGetValue(field.Slot.Slot, out SlotValue value) ? value.Json : "null")));
        string instruction = draw.Of(Instructions);
        string ask = Grammar.Expand(
            instruction,
            draw,
            slot =>
                slot switch
                {
                    "text" => text,
                    "fields" => Grammar.List([.. fields.Select(field => field.Name)], draw, and: 70),
                    "keys" => string.Join(", ", fields.Select(field => field.Name)),
                    "types" => SpacedJson.Object(fields.Select(field => (field.Name, SpacedJson.Text(field.Slot.Kind.Type)))),
                    "schema" => Schema(fields),
                    _ => throw new FormatException($"There is no slot {{{slot}}}."),
                });
        Conversation talk = Talk(
            draw,
            [Message.User(ask), Message.Assistant(json)],
            system: draw.Chance(6) ? draw.Of(["Answer in JSON only.", "Reply with JSON only.", "Reply in JSON."]) : null);
        return new Exercise(Name, json.Contains("null", StringComparison.Ordinal) ? "with null" : "all said", talk, new IsJson(json))
        {
            Key = $"{record.Id} {instruction} {string.Join(' ', fields.Select(field => field.Name))}",
        };
    }

    private static string Schema((string Name, NamedSlot Slot)[] fields) =>
        SpacedJson.Object([
            ("type", "\"object\""),
            (
                "properties",
                SpacedJson.Object(
                    fields.Select(field => (field.Name, SpacedJson.Object([("type", SpacedJson.Text(field.Slot.Kind.Type))]))))),
        ]);

    private sealed record Record(string Id, IReadOnlyList<NamedSlot> Slots, IReadOnlyList<string> Says)
    {
        public static IEnumerable<Record> Read(IReadOnlyList<string> lines)
        {
            for (int start = 0; start < lines.Count;)
            {
                int end = start + 1;
                while (end < lines.Count && !lines[end].StartsWith("record ", StringComparison.Ordinal))
                    end++;

                ILookup<bool, (string Name, string Value)> fields = lines
                    .Skip(start + 1)
                    .Take(end - start - 1)
                    .Select(line => DataFile.Field(line))
                    .ToLookup(field => field.Name == "say");
                yield return new Record(
                    lines[start]["record ".Length..],
                    [.. fields[false].Select(field => NamedSlot.Read(field.Name, field.Value))],
                    [.. fields[true].Select(field => field.Value)]);
                start = end;
            }
        }
    }
}
