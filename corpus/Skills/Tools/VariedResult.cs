namespace QwenSharp.Corpus.Skills.Tools;

/// <summary>
/// What a tool returns whatever it was asked: text or JSON, as an object, in a list or in another object, with decimals, negative and long
/// numbers, names and ids. Only what stands there is to be said again.
/// </summary>
internal static class VariedResult
{
    private static readonly (string Name, SlotKind Kind)[] Fields =
    [
        .. (
            (string[])
                [
                    "price; number",
                    "balance; number",
                    "rate; number",
                    "count; int 0..99999",
                    "total; int 1000..999999",
                    "temperature; int -40..45",
                    "change; int -90..-1",
                    "humidity; int 5..100",
                    "distance; int 1..20000",
                    "status; enum out for delivery, on its way, in the warehouse, waiting for payment, ready, failed, in progress",
                    "sky; enum snowy, light rain, clear, overcast, stormy, misty",
                    "state; word",
                    "expected; date",
                    "time; time",
                    "day; day",
                    "reference; id",
                    "ticket_id; id",
                    "owner; person",
                    "city; town",
                    "currency; currency",
                    "name; made",
                    "title; title",
                    "file; file",
                    "address; address",
                    "email; email",
                    "note; message",
                ])
            .Select(line => DataFile.Field(line, "; "))
            .Select(field => (field.Name, SlotKind.Parse(field.Value))),
    ];

    /// <summary>A result, a sentence that reports it, and the words of the result that the sentence must have.</summary>
    public static (string Content, string Said, IReadOnlyList<string> Words) Make(Draw draw)
    {
        (string Name, SlotValue Value)[] fields =
        [
            .. draw.Some(Fields, draw.Of([1, 1, 2, 2, 3])).Select(field => (field.Name, field.Kind.Draw(draw))),
        ];
        string[] parts = [.. fields.Select(field => $"the {field.Name.Replace('_', ' ')} is {field.Value.Said}")];
        string list = parts.Length == 1 ? parts[0] : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}",
            said = $"{Invented.Capital(list)}.",
            json = SpacedJson.Object(fields.Select(field => (field.Name, field.Value.Json)));
        string content = draw.Below(8) switch
        {
            0 or 1 => said,
            2 => string.Join('\n', fields.Select(field => $"{field.Name}: {field.Value.Said}")),
            3 => string.Join(", ", fields.Select(field => $"{field.Name} = {field.Value.Said}")),
            4 => $"[{json}]",
            5 => SpacedJson.Object([(draw.Of(["result", "data", "value", "output"]), json)]),
            _ => json,
        };
        return (content, said, [.. fields.Select(field => field.Value.Said)]);
    }
}
