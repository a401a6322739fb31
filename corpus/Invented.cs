using System.Globalization;

namespace QwenSharp.Corpus;

/// <summary>Values that no list holds, so that a model can only copy them.</summary>
internal static class Invented
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";

    private static readonly string[] Onsets =
    [
        "b", "br", "c", "d", "dr", "f", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w", "z",
        "sh", "th",
    ];
    private static readonly string[] Rhymes =
    [
        "a", "e", "i", "o", "u", "an", "en", "in", "on", "ar", "er", "or", "el", "al", "as", "is", "os", "um", "ia", "eo",
    ];

    /// <summary>
    /// Syllables, or the beginning of one word and the end of another: a word that is not on a list is made of such parts.
    /// </summary>
    public static string Word(Draw draw) => draw.Chance(50)
        ? draw.Unseen(() => string.Concat(Enumerable.Range(0, draw.Between(2, 3)).Select(_ => draw.Of(Onsets) + draw.Of(Rhymes))))
        : draw.Unseen(() => Spliced(PlainWords.Word(draw), PlainWords.Word(draw), draw));

    public static string Name(Draw draw) => Capital(Word(draw));

    public static string Person(Draw draw) => draw.Below(20) switch
    {
        0 => draw.Of(Pools.Find("person-script")),
        1 => $"{PlainWords.Script(draw)} {PlainWords.Script(draw)}",
        < 12 => $"{First(draw)} {Last(draw)}",
        _ => $"{draw.Of(Pools.Find("first"))} {draw.Of(Pools.Find("last"))}",
    };

    public static string First(Draw draw) =>
        draw.Below(20) switch
        {
            < 6 => Name(draw),
            < 9 => PlainWords.Name(draw),
            _ => draw.Of(Pools.Find("first")),
        };

    private static string Last(Draw draw) =>
        draw.Below(20) switch
        {
            < 8 => Name(draw),
            < 15 => PlainWords.Name(draw),
            _ => draw.Of(Pools.Find("last")),
        };

    public static string City(Draw draw) => draw.Below(20) switch
    {
        0 => draw.Of(Pools.Find("city-script")),
        1 => PlainWords.Script(draw),
        < 7 => Name(draw),
        < 11 => PlainWords.Name(draw),
        < 12 => $"{PlainWords.Name(draw)} {Name(draw)}",
        _ => draw.Of(Pools.Find("city")),
    };

    public static string Email(Draw draw)
    {
        string user = draw.Chance(60) ? First(draw).ToLowerInvariant() : PlainWords.Word(draw);
        string rest = draw.Below(4) switch
        {
            0 => "",
            1 => "." + Word(draw),
            2 => draw.Of(["_", ".", "-"]) + PlainWords.Word(draw),
            _ => Digits(draw, 2),
        };
        string host = draw.Chance(40) ? Word(draw) : PlainWords.Word(draw);
        string domain = draw.Chance(35)
            ? draw.Of(Pools.Find("domain"))
            : $"{host}.{draw.Of(["com", "org", "net", "test", "example", "io", "eu", "info", "dev", "de"])}";
        return $"{user}{rest}@{domain}";
    }

    public static string Id(Draw draw) => draw.Unseen(() => draw.Below(5) switch
    {
        0 => $"{draw.Of(Letters)}{Digits(draw, 5)}",
        1 => $"{draw.Of(Letters)}{draw.Of(Letters)}{draw.Of(Letters)}-{Digits(draw, 3)}",
        2 => Digits(draw, 6),
        _ => $"{draw.Of(Letters)}{draw.Of(Letters)}-{Digits(draw, 4)}",
    });

    public static string Digits(Draw draw, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => draw.Of("0123456789")));

    public static string Date(Draw draw) => draw.Below(3) switch
    {
        0 => $"{draw.Between(1, 28)} {Month(draw)}",
        1 => $"{Month(draw)} {draw.Between(1, 28)}",
        _ => string.Create(CultureInfo.InvariantCulture, $"{draw.Between(2024, 2031)}-{draw.Between(1, 12):00}-{draw.Between(1, 28):00}"),
    };

    public static string Time(Draw draw) =>
        string.Create(CultureInfo.InvariantCulture, $"{draw.Between(0, 23):00}:{draw.Below(12) * 5:00}");

    public static string Amount(Draw draw) => draw.Chance(40)
        ? draw.Between(2, 990).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{draw.Between(1, 300)}.{draw.Between(1, 9)}{draw.Between(1, 9)}");

    public static string Phone(Draw draw) => $"+{draw.Between(1, 99)} {Digits(draw, 3)} {Digits(draw, 4)}";

    public static string File(Draw draw)
    {
        string stem = draw.Below(10) switch
        {
            < 3 => Word(draw),
            < 5 => draw.Of(Pools.Find("word")),
            < 8 => PlainWords.Word(draw),
            _ => $"{PlainWords.Word(draw)}{draw.Of("_-")}{PlainWords.Word(draw)}",
        };
        string number = draw.Chance(15) ? Digits(draw, draw.Between(1, 4)) : "";
        string extension = draw.Chance(65)
            ? draw.Of(Pools.Find("extension"))
            : string.Concat(Enumerable.Range(0, draw.Between(1, 4)).Select(_ => draw.Of("abcdefghijklmnopqrstuvwxyz")));
        return $"{stem}{number}.{extension}";
    }

    public static string Address(Draw draw) => $"{draw.Between(1, 199)} {Street(draw)}";

    public static string Street(Draw draw) =>
        draw.Chance(40)
            ? draw.Of(Pools.Find("street"))
            : $"{(draw.Chance(50) ? Name(draw) : PlainWords.Name(draw))} "
                + $"{draw.Of(["Street", "Road", "Lane", "Avenue", "Square", "Way", "Drive", "Alley", "Court", "Hill"])}";

    public static string Company(Draw draw) =>
        draw.Chance(40)
            ? draw.Of(Pools.Find("company"))
            : (draw.Chance(50) ? Name(draw) : PlainWords.Name(draw))
                + draw.Of(["", "", " Works", " Labs", " Group", " Foods", " Systems", " Brothers"]);

    public static string Title(Draw draw) =>
        draw.Below(10) switch
        {
            < 5 =>
                $"The {Capital(draw.Of(Pools.Find("adjective")))} "
                    + $"{Capital(draw.Chance(50) ? draw.Of(Pools.Find("item")) : draw.Of(Pools.Find("word")))}",
            < 7 => $"The {PlainWords.Name(draw)} {PlainWords.Name(draw)}",
            < 9 => $"{PlainWords.Name(draw)} of {PlainWords.Name(draw)}",
            _ => Capital(PlainWords.Term(draw)),
        };

    private static string Spliced(string first, string last, Draw draw) =>
        first[..draw.Between(2, first.Length - 1)] + last[draw.Between(1, last.Length - 2)..];

    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Month(Draw draw) =>
        draw.Of(["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]);
}
