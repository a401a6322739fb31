namespace QwenSharp.Corpus;

/// <summary>
/// The words that the generator's data are made of, some thousands. A short list of values is learnt by heart, and then what is not on it
/// is not copied; values that may be any word
/// can only be copied.
/// </summary>
internal static class PlainWords
{
    private static readonly string[] Latin =
    [
        .. Every("facts.txt", "identity.txt", "pools.txt", "records.txt", "stories.txt", "tools.txt")
            .Where(word => word.Length is >= 3 and <= 12 && word.All(char.IsAsciiLetterLower)),
    ];
    private static readonly string[] Scripts =
    [
        .. Every("phrases.txt", "languages.txt", "pools.txt").Where(word => word.Length <= 12 && word.Any(letter => letter > '\u0300')),
    ];

    /// <summary>A word in lower case.</summary>
    public static string Word(Draw draw) => draw.Unseen(() => draw.Of(Latin));

    /// <summary>A word as a name.</summary>
    public static string Name(Draw draw) => Invented.Capital(Word(draw));

    /// <summary>A word of another script: Chinese, Japanese, Korean, Arabic, Hindi, Russian, Thai.</summary>
    public static string Script(Draw draw) => draw.Unseen(() => draw.Of(Scripts));

    /// <summary>One to three words, invented ones among them.</summary>
    public static string Term(Draw draw) => draw.Below(20) switch
    {
        < 9 => Word(draw),
        < 15 => $"{Word(draw)} {Word(draw)}",
        < 16 => $"{Word(draw)} {Word(draw)} {Word(draw)}",
        < 18 => Invented.Word(draw),
        < 19 => Script(draw),
        _ => $"{Invented.Name(draw)} {Word(draw)}",
    };

    /// <summary>A few words as of a short message.</summary>
    public static string Sentence(Draw draw)
    {
        string text = Grammar.Expand(
            "[the {word} is {word}|please {word} the {word}|{word} the {word}|{word} and {word} the {word}|I {word} the {word} "
                + "{time}|{word} {word} {word}|{name} will {word} the {word}|we {word} {day}]",
            draw,
            slot =>
                slot switch
                {
                    "time" => "at " + Invented.Time(draw),
                    "name" => Invented.First(draw),
                    "day" => draw.Of(["today", "tomorrow", "on Monday", "on Friday", "next week", "soon"]),
                    _ => Word(draw),
                });
        return draw.Below(10) switch
        {
            0 => Script(draw) + " " + Script(draw),
            < 4 => Invented.Capital(text),
            _ => text,
        };
    }

    // Runs of letters and of the marks that belong to them.
    private static IEnumerable<string> Every(params string[] files) =>
        files
            .SelectMany(DataFile.Lines)
            .SelectMany(line =>
                string.Concat(
                        line.Select(letter =>
                            char.IsLetter(letter)
                            || char.GetUnicodeCategory(letter)
                                is System.Globalization.UnicodeCategory.NonSpacingMark
                                    or System.Globalization.UnicodeCategory.SpacingCombiningMark
                                ? letter
                                : ' '))
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Distinct();
}
