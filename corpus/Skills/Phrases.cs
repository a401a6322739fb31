using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>
/// Everyday phrases between any two of ten languages, asked for in English or in the phrase's own; or into several languages at once.
/// </summary>
internal sealed class Phrases : Skill
{
    private static readonly string[] Languages;
    private static readonly string[][][] Table;
    private static readonly Dictionary<string, string[]> Asks, Names;

    private static readonly string[] Into =
    [
        "How do [you|I] say [\"{phrase}\"|'{phrase}'] in {list}?",
        "Translate [to|into] {list}: {phrase}",
        "Translate [\"{phrase}\"|'{phrase}'] [to|into] {list}[.|]",
        "{phrase} in {list}[|?|, please]",
        "[Say|Write|Put] [\"{phrase}\"|'{phrase}'] in {list}[.|, please.]",
    ];

    private static readonly string[] IntoAll =
    [
        "How do [you|I] say [\"{phrase}\"|'{phrase}'] in [all|all your] languages?",
        "Translate \"{phrase}\" into [all languages|every language][ you know|][.|]",
        "{phrase}[ in|:] all languages[|, please]",
        "[Say|Write|Give me] [\"{phrase}\"|'{phrase}'] in [all your languages|every language you speak][.|]",
    ];

    // A text that stands in several rows of one language, such as "bonjour", is asked for by the first alone.
    private static readonly HashSet<(int Row, int Language)> Ambiguous = [];

    static Phrases()
    {
        IReadOnlyList<string> lines = DataFile.Lines("phrases.txt");
        Languages = lines[0].Split('|');
        Table = [.. lines.Skip(1).Select(line => line.Split('|').Select(cell => cell.Split('/')).ToArray())];
        for (int language = 0; language < Languages.Length; language++)
        {
            HashSet<string> seen = [];
            for (int row = 0; row < Table.Length; row++)
            {
                if (!seen.Add(Table[row][language][0]))
                    Ambiguous.Add((row, language));
            }
        }

        ILookup<bool, (string Name, string Value)> fields = DataFile
            .Lines("languages.txt")
            .Select(line => DataFile.Field(line))
            .ToLookup(field => field.Name.StartsWith("names ", StringComparison.Ordinal));
        Asks = fields[false].ToDictionary(field => field.Name, field => field.Value.Split('~'));
        Names = fields[true].ToDictionary(field => field.Name["names ".Length..], field => field.Value.Split('|'));
    }

    public override string Name => "phrases";

    public override int Share => 14;

    public override Exercise Make(Draw draw)
    {
        int row = draw.Below(Table.Length), from = draw.Chance(20) ? 0 : draw.Below(Languages.Length), to = Other(draw, from);
        if (Ambiguous.Contains((row, from)))
            return Make(draw);
        if (draw.Chance(35))
            return IntoSeveral(draw, row, from);

        (string question, string frame) = Ask(draw, row, from, to);
        List<Message> messages = [Message.User(question), Message.Assistant(Table[row][to][0])];
        string key = $"{row} {from} {to} {frame}";
        string[] before = [];
        if (draw.Chance(25))
        {
            before = [key];
            (to, frame) = FollowUp(draw, messages, from, to, row);
            key = $"{row} {from} {to} {frame}";
        }

        return new Exercise(
            Name,
            "translation",
            Talk(draw, messages, system: draw.Chance(4) ? "Answer with the translation only." : null),
            new SaysPhrase(Table[row][to]))
        {
            Key = key,
            KeysOnTheWay = before,
        };
    }

    /// <summary>A line a language. It teaches most about a phrase, as each line sees the ones before.</summary>
    private Exercise IntoSeveral(Draw draw, int row, int from)
    {
        int[] all = [.. Enumerable.Range(0, Languages.Length)];
        int count = draw.Of([2, 2, 3, 3, 4, 5, 6, all.Length]);
        bool every = count == all.Length;
        int[] into = every ? all : [.. draw.Some([.. all.Where(language => language != from)], count)];

        string list = Grammar.List([.. into.Select(language => Languages[language])], draw, and: 80);
        string frame = draw.Of(every ? IntoAll : Into);
        string question = Grammar.Expand(frame, draw, slot => slot == "phrase" ? Table[row][from][0] : list);
        string answer = string.Join('\n', into.Select(language => $"{Languages[language]}: {Table[row][language][0]}"));
        Conversation talk = Talk(draw, [Message.User(Invented.Capital(question)), Message.Assistant(answer)]);
        return new Exercise(
            Name,
            "several languages",
            talk,
            new Mentions([
                .. into.Select(language =>
                    (IReadOnlyList<string>)[.. Table[row][language].Select(phrase => $"{Languages[language]}: {phrase}")]),
            ]))
        {
            Key = $"{row} {from} {frame} {list}",
        };
    }

    private static int Other(Draw draw, params ReadOnlySpan<int> taken)
    {
        int language = draw.Below(Languages.Length);
        while (taken.Contains(language))
            language = draw.Below(Languages.Length);

        return language;
    }

    private static (string Question, string Frame) Ask(Draw draw, int row, int from, int to)
    {
        string asking = draw.Chance(60) ? "English" : Languages[from];
        string frame = draw.Of(Asks[asking]);
        string question = Grammar.Expand(frame, draw, slot => slot switch
        {
            "phrase" => Table[row][from][0],
            "to" => Names[asking][to],
            "from" => Names[asking][from],
            _ => throw new FormatException($"languages.txt has a slot {{{slot}}}."),
        });
        return (Invented.Capital(question), frame);
    }

    /// <summary>"And in German?" about the same phrase.</summary>
    private static (int To, string Frame) FollowUp(Draw draw, List<Message> messages, int from, int to, int row)
    {
        int next = Other(draw, from, to);
        string frame = draw.Of([
            "[And|and] in {to}?",
            "[And|Now] in {to}[, please|].",
            "What about {to}?",
            "[And|Also] {to}?",
            "How about in {to}?",
            "{to}?",
            "And how do you say it in {to}?",
        ]);
        messages.Add(Message.User(Grammar.Expand(frame, draw, _ => Languages[next])));
        messages.Add(Message.Assistant(Table[row][next][0]));
        return (next, frame);
    }
}
