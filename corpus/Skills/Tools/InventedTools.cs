namespace QwenSharp.Corpus.Skills.Tools;

/// <summary>
/// Kinds of tools that nothing is known about, so that only the schema says what they are: a verb, a thing and some parameters.
/// </summary>
internal static class InventedTools
{
    private static readonly (string Name, SlotKind Kind)[] Parameters =
    [
        .. (
            (string[])
                [
                    "id; id", "name; made", "label; word", "count; int 2..99", "owner; person", "city; town", "date; date", "email; email",
                    "price; number", "color; color", "file; file", "level; int 1..9", "team; team", "time; time", "code; id",
                    "size; int 1..500", "title; title", "tag; made", "weight; number", "region; country", "target; made", "source; made",
                    "reason; word", "limit; int 5..300", "priority; enum low, normal, high", "mode; enum fast, safe, full",
                    "format; enum short, long, table", "key; id", "address; address", "item; item", "unit_count; int 2..80", "batch_id; id",
                    "user_name; name", "start_date; date", "max_size; int 10..900", "client; company",
                ])
            .Select(line => DataFile.Field(line, "; "))
            .Select(field => (field.Name, SlotKind.Parse(field.Value))),
    ];

    public static ToolKind Make(Draw draw) => draw.Chance(6)
        ? Make(draw, PlainWords.Word(draw), PlainWords.Word(draw))
        : Make(draw, draw.Of(Pools.Find("verb").All), draw.Of(Pools.Find("thing").All));

    /// <summary>A tool that is easily mistaken for another: the same verb or the same thing.</summary>
    public static ToolKind MakeLike(Draw draw, ToolKind other) => draw.Chance(50)
        ? Make(draw, other.Verbs[0], Other(draw, "thing", other.Nouns[0]))
        : Make(draw, Other(draw, "verb", other.Verbs[0]), other.Nouns[0]);

    private static string Other(Draw draw, string pool, string than)
    {
        string word = draw.Of(Pools.Find(pool).All);
        while (word == than)
            word = draw.Of(Pools.Find(pool).All);

        return word;
    }

    private static ToolKind Make(Draw draw, string verb, string thing)
    {
        NamedSlot[] slots = [.. draw.Some(Parameters, draw.Between(1, 3))
            .Select(parameter => draw.Chance(25) ? parameter with { Name = Named(draw) } : parameter)
            .DistinctBy(parameter => parameter.Name)
            .Select((parameter, i) => new NamedSlot(parameter.Name, i == 0 || draw.Chance(70), [parameter.Name], parameter.Kind))];
        return new ToolKind(verb + " " + thing, "invented")
        {
            Verbs = [verb],
            Nouns = [thing],
            About = $"{Invented.Capital(verb)} {Grammar.WithArticle(thing)}",
            Task = $"{verb} {Grammar.WithArticle(thing)}",
            Slots = slots,
            Asks = [.. Asks(draw, verb, thing, slots), .. Asks(draw, verb, thing, [.. slots.Where(slot => slot.IsRequired)])],
            Results = [("status", SlotKind.Parse("enum done, ok, accepted, finished")), ("reference", SlotKind.Parse("id"))],
            Says = [$"The {thing} is {{status}}; the reference is {{reference}}.", "Done: {status}, reference {reference}."],
        };
    }

    private static IEnumerable<string> Asks(Draw draw, string verb, string thing, NamedSlot[] slots)
    {
        List<string> said = [.. slots.Select(slot => draw.Below(6) switch
        {
            0 => $"{Spoken(slot)}: {{{slot.Slot}}}",
            1 => $"{Spoken(slot)} = {{{slot.Slot}}}",
            2 when slot.Kind.Type == "string" => $"{Spoken(slot)} \"{{{slot.Slot}}}\"",
            3 => $"the {Spoken(slot)} {{{slot.Slot}}}",
            _ => $"{Spoken(slot)} {{{slot.Slot}}}",
        })];
        draw.Shuffle(said);
        string list = said.Count == 1 ? said[0] : $"{string.Join(", ", said.SkipLast(1))}[ and|,] {said[^1]}";
        yield return $"[Please {verb}|{Invented.Capital(verb)}|{Invented.Capital(verb)}] the {thing} with {list}[.|]";
        yield return $"[Can|Could] you {verb} [the {thing}|{Grammar.WithArticle(thing)}] with {list}?";
        yield return $"I [need|want] to {verb} {Grammar.WithArticle(thing)}[: | with ]{list}[.|]";
        yield return $"{Invented.Capital(verb)} {thing}, {list}";
        yield return $"[New {thing}|{Invented.Capital(Grammar.WithArticle(thing))}]: {list}. Please {verb} it.";
    }

    private static string Named(Draw draw) => draw.Chance(50) ? PlainWords.Word(draw) : $"{PlainWords.Word(draw)}_{PlainWords.Word(draw)}";

    private static string Spoken(NamedSlot slot) => slot.Slot.Replace('_', ' ');
}
