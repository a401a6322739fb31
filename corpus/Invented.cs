using System.Globalization;

namespace QwenSharp.Corpus;

/// <summary>Values that no list holds, so that a model can only copy them.</summary>
internal static class Invented
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";

    private static readonly string[] Onsets = ["b", "br", "c", "d", "dr", "f", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "v", "w", "z", "sh", "th"];
    private static readonly string[] Rhymes = ["a", "e", "i", "o", "u", "an", "en", "in", "on", "ar", "er", "or", "el", "al", "as", "is", "os", "um", "ia", "eo"];

    public static string Word(Draw draw) => draw.Unseen(() => string.Concat(Enumerable.Range(0, draw.Between(2, 3)).Select(_ => draw.Of(Onsets) + draw.Of(Rhymes))));

    public static string Name(Draw draw) => Capital(Word(draw));

    public static string Person(Draw draw) => draw.Below(20) switch
    {
        0 => draw.Of(Pools.Find("person-script")),
        < 4 => $"{Name(draw)} {Name(draw)}",
        < 8 => $"{draw.Of(Pools.Find("first"))} {Name(draw)}",
        _ => $"{draw.Of(Pools.Find("first"))} {draw.Of(Pools.Find("last"))}",
    };

    public static string First(Draw draw) => draw.Chance(30) ? Name(draw) : draw.Of(Pools.Find("first"));

    public static string City(Draw draw) => draw.Below(20) switch
    {
        0 => draw.Of(Pools.Find("city-script")),
        < 5 => Name(draw),
        _ => draw.Of(Pools.Find("city")),
    };

    public static string Email(Draw draw)
    {
        string user = First(draw).ToLowerInvariant();
        string rest = draw.Below(3) switch { 0 => "", 1 => "." + Word(draw), _ => Digits(draw, 2) };
        return $"{user}{rest}@{draw.Of(Pools.Find("domain"))}";
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

    public static string Time(Draw draw) => string.Create(CultureInfo.InvariantCulture, $"{draw.Between(0, 23):00}:{draw.Below(12) * 5:00}");

    public static string Amount(Draw draw) => draw.Chance(40)
        ? draw.Between(2, 990).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{draw.Between(1, 300)}.{draw.Between(1, 9)}{draw.Between(1, 9)}");

    public static string Phone(Draw draw) => $"+{draw.Between(1, 99)} {Digits(draw, 3)} {Digits(draw, 4)}";

    public static string File(Draw draw) => $"{(draw.Chance(50) ? Word(draw) : draw.Of(Pools.Find("word")))}.{draw.Of(Pools.Find("extension"))}";

    public static string Address(Draw draw) => $"{draw.Between(1, 199)} {draw.Of(Pools.Find("street"))}";

    public static string Title(Draw draw) => $"The {Capital(draw.Of(Pools.Find("adjective")))} {Capital(draw.Chance(50) ? draw.Of(Pools.Find("item")) : draw.Of(Pools.Find("word")))}";

    public static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];

    private static string Month(Draw draw) =>
        draw.Of(["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]);
}
