using System.Globalization;

namespace QwenSharp.Corpus;

/// <summary>A value in a request: how it is said, and what it is in JSON.</summary>
/// <param name="Said">Its words.</param>
/// <param name="Json">Its JSON.</param>
internal readonly record struct SlotValue(string Said, string Json);

/// <summary>
/// What may stand in a slot: one of a list of <c>pools.txt</c> or, as often, something else that could be on it, something invented
/// (<c>person</c>, <c>id</c>), a range (<c>int 1..20</c>, <c>number</c>), or one of some values
/// with its wordings: <c>enum celsius=Celsius/degrees Celsius, fahrenheit</c>, <c>bool true=with breakfast, false=without breakfast</c>.
/// </summary>
/// <param name="Type">Its JSON type.</param>
/// <param name="Values">The values of an enum; empty otherwise.</param>
/// <param name="Draw">Draws one.</param>
internal sealed record SlotKind(string Type, IReadOnlyList<string> Values, Func<Draw, SlotValue> Draw)
{
    private static readonly Dictionary<string, Func<Draw, string>> Inventions = new()
    {
        ["made"] = Invented.Word,
        ["Made"] = Invented.Name,
        ["person"] = Invented.Person,
        ["name"] = Invented.First,
        ["town"] = Invented.City,
        ["email"] = Invented.Email,
        ["id"] = Invented.Id,
        ["date"] = Invented.Date,
        ["day"] = draw => draw.Of(["today", "tomorrow", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
        ["time"] = Invented.Time,
        ["phone"] = Invented.Phone,
        ["file"] = Invented.File,
        ["address"] = Invented.Address,
        ["title"] = Invented.Title,
        ["currency"] = draw => draw.Of(["EUR", "USD", "GBP", "JPY", "CHF", "CNY", "INR", "SEK", "THB", "BRL"]),
        ["airport"] = draw =>
            draw.Unseen(() =>
                $"{draw.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}{draw.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}{draw.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"),
        ["stock"] = draw =>
            draw.Unseen(() => string.Concat(Enumerable.Range(0, draw.Between(3, 4)).Select(_ => draw.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")))),
    };

    /// <summary>Reads a kind.</summary>
    /// <exception cref="FormatException">There is no such kind.</exception>
    public static SlotKind Parse(string text)
    {
        (string name, string rest) = text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at
            ? (text[..at], text[(at + 1)..])
            : (text, "");
        return name switch
        {
            "int" => Range(rest),
            "number" => new SlotKind("number", [], draw => Same(Invented.Amount(draw))),
            "enum" => Choice("string", rest, SpacedJson.Text),
            "bool" => Choice("boolean", rest, value => value),
            _ when Inventions.TryGetValue(name, out Func<Draw, string>? invent) => Text(invent),
            _ => Text(Listed(name)),
        };
    }

    private static SlotKind Text(Func<Draw, string> value) => new("string", [], draw =>
    {
        string drawn = value(draw);
        return new SlotValue(drawn, SpacedJson.Text(drawn));
    });

    private static SlotKind Range(string text)
    {
        string[] ends = text.Split("..");
        (int least, int most) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[1], CultureInfo.InvariantCulture));
        return new SlotKind("integer", [], draw => Same(draw.Between(least, most).ToString(CultureInfo.InvariantCulture)));
    }

    private static SlotKind Choice(string type, string text, Func<string, string> json)
    {
        (string Value, string[] Wordings)[] options =
        [
            .. text.Split(", ").Select(option => option.Split('=', 2)).Select(option => (option[0], option[^1].Split('/'))),
        ];
        return new SlotKind(
            type,
            type == "boolean" ? [] : [.. options.Select(option => option.Value)],
            draw =>
            {
                (string value, string[] wordings) = draw.Of(options);
                return new SlotValue(draw.Of(wordings), json(value));
            });
    }

    /// <summary>A value of a list or, as often, any other, so that the list is not learnt by heart.</summary>
    private static Func<Draw, string> Listed(string name)
    {
        Pool pool = Pools.Find(name);
        return name switch
        {
            "street" => Invented.Street,
            "company" => Invented.Company,
            "country" or "language" => draw =>
                draw.Below(20) switch
                {
                    < 13 => draw.Of(pool),
                    < 17 => Invented.Name(draw),
                    _ => PlainWords.Name(draw),
                },
            "message" or "task" => draw => draw.Chance(45) ? draw.Of(pool) : PlainWords.Sentence(draw),
            "color" or "genre" or "extension" => draw => draw.Chance(55) ? draw.Of(pool) : PlainWords.Word(draw),
            _ => draw => draw.Chance(45) ? draw.Of(pool) : PlainWords.Term(draw),
        };
    }

    private static SlotValue Same(string text) => new(text, text);
}
