using System.Globalization;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Skills;

/// <summary>Sums, differences and comparisons of numbers to three digits, thought through digit by digit or answered directly.</summary>
internal sealed class Arithmetic : Skill
{
    private const string NumberOnly = "Answer with the number only.";

    private static readonly string[] MoreProblems =
    [
        "{name} has {a} {things} and [buys|finds|gets] {b} more. How many {things} does {name} have[ now|]?",
        "There are {a} {things} in one box and {b} in another. How many {things} are there in all?",
        "{name} has {a} {things} and {other} has {b}. How many {things} do they have together?",
        "A shop sold {a} {things} on Monday and {b} on Tuesday. How many {things} did it sell?",
        "{other} gives {name} {b} {things}. {name} had {a} before. How many {things} does {name} have now?",
    ];

    private static readonly string[] LessProblems =
    [
        "{name} has {a} {things} and [loses|sells|gives away|uses] {b}. How many {things} are left?",
        "There were {a} {things} in a box. {name} took {b}. How many {things} are left?",
        "{name} has {a} {things} and {other} has {b}. How many more {things} does {name} have?",
        "A shop had {a} {things} and sold {b}. How many {things} remain?",
    ];

    public override string Name => "arithmetic";

    public override int Share => 8;

    public override Exercise Make(Draw draw)
    {
        bool thinks = draw.Chance(80);
        (int a, int b) = (Number(draw, thinks), Number(draw, thinks));
        if (draw.Chance(3))
            b = a;

        (string ask, string answer, string reasoning, Expectation expected, string kind) = draw.Below(100) switch
        {
            < 34 => Sum(draw, a, b, thinks),
            < 56 => Difference(draw, draw.Chance(88) ? Math.Max(a, b) : a, draw.Chance(88) ? Math.Min(a, b) : b, thinks),
            < 72 => Problem(draw, a, b, thinks),
            < 84 => Comparison(draw, a, b, thinks),
            < 92 => Question(draw, a, b, thinks),
            _ => Extreme(draw, a, b, Number(draw, thinks), thinks),
        };
        bool bare = expected is SaysNumber && draw.Chance(10);
        if (bare)
            answer = Text(((SaysNumber)expected).Number);

        Message[] messages =
        [
            .. bare ? [new Message("system", NumberOnly)] : Array.Empty<Message>(),
            Message.User(ask),
            Message.Assistant(answer) with
            {
                Reasoning = thinks ? reasoning : "",
            },
        ];
        return new Exercise(Name, $"{kind}, {(thinks ? "thinking" : "direct")}", new Conversation(messages, [], thinks), expected)
        {
            Key = a < 10 && b < 10 ? null : $"{Math.Min(a, b)} {Math.Max(a, b)}",
        };
    }

    // Without thinking sums stay small enough to be known by heart, with a few beyond.
    private static int Number(Draw draw, bool thinks) => draw.Below(100) switch
    {
        < 15 => draw.Below(10),
        < 45 => draw.Below(100),
        < 60 when !thinks => draw.Below(1000),
        _ => thinks ? draw.Between(100, 999) : draw.Below(100),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static (string, string, string, Expectation, string) Sum(Draw draw, int a, int b, bool thinks)
    {
        string ask = Grammar.Expand(
            draw.Of([
                "[What is|What's|Calculate|Compute|Work out|] {a}[+| + | plus ]{b}[?|]",
                "{a}[+| + ]{b}[ =|=|]",
                "[Add|Sum|Please add] {a} and {b}[.|]",
                "How much is {a}[+| + | plus ]{b}?",
                "[What is|Give me|Tell me] the sum of {a} and {b}[?|.|]",
                "{a} plus {b}",
                "[Can you add|Could you add|What do you get if you add] {a} and {b}?",
                "Add {b} to {a}[.|]",
            ]),
            draw,
            slot => Text(slot == "a" ? a : b));
        return (ask, $"{a} + {b} = {a + b}", DigitByDigit.Sum(a, b), new SaysNumber(a + b, thinks), "sum");
    }

    private static (string, string, string, Expectation, string) Difference(Draw draw, int a, int b, bool thinks)
    {
        string ask = Grammar.Expand(
            draw.Of([
                "[What is|What's|Calculate|Compute|Work out|] {a}[-| - | minus ]{b}[?|]",
                "{a}[-| - ]{b}[ =|=|]",
                "[Subtract|Take|Please subtract] {b} from {a}[.|]",
                "How much is {a}[-| - | minus ]{b}?",
                "[What is|Tell me|Give me] {a} minus {b}[?|.|]",
                "{a} minus {b}",
                "[What is left|How much is left] if you take {b} from {a}?",
            ]),
            draw,
            slot => Text(slot == "a" ? a : b));
        return (ask, $"{a} - {b} = {a - b}", DigitByDigit.Difference(a, b), new SaysNumber(a - b, thinks), "difference");
    }

    private static (string, string, string, Expectation, string) Problem(Draw draw, int a, int b, bool thinks)
    {
        bool adds = draw.Chance(50);
        if (!adds)
            (a, b) = (Math.Max(a, b), Math.Min(a, b));

        Dictionary<string, string> slots = new()
        {
            ["name"] = Invented.First(draw),
            ["other"] = Invented.First(draw),
            ["things"] = draw.Of([
                "apples",
                "books",
                "coins",
                "stamps",
                "cards",
                "marbles",
                "pens",
                "stickers",
                "shells",
                "buttons",
                "eggs",
                "tickets",
                "photos",
                "stones",
                "nuts",
            ]),
            ["a"] = Text(a),
            ["b"] = Text(b),
        };
        string ask = Grammar.Expand(draw.Of(adds ? MoreProblems : LessProblems), draw, slot => slots[slot]);
        int result = adds ? a + b : a - b;
        return (
            ask,
            $"{result} {slots["things"]}",
            adds ? DigitByDigit.Sum(a, b) : DigitByDigit.Difference(a, b),
            new SaysNumber(result, thinks),
            "problem");
    }

    private static (string, string, string, Expectation, string) Comparison(Draw draw, int a, int b, bool thinks)
    {
        bool larger = draw.Chance(60);
        string more = larger ? "[larger|bigger|greater|higher]" : "[smaller|less|lower]";
        string ask = Grammar.Expand(
            draw.Of([
                "Which [is|number is|one is] " + more + "[: |, ]{a} or {b}?",
                "Which is the " + (larger ? "[larger|bigger|greater] number" : "smaller number") + ", {a} or {b}?",
                "{a} or {b}: which is " + more + "?",
                (larger ? "Larger" : "Smaller") + " of {a} and {b}?",
                "Compare {a} and {b}: which is " + more + "?",
            ]),
            draw,
            slot => Text(slot == "a" ? a : b));
        int result = larger ? Math.Max(a, b) : Math.Min(a, b);
        string answer = a == b ? $"They are equal: both are {a}" : Text(result);
        return (ask, answer, DigitByDigit.Choice(a, b, larger), new SaysNumber(result, thinks), "comparison");
    }

    private static (string, string, string, Expectation, string) Question(Draw draw, int a, int b, bool thinks)
    {
        (string word, char sign, bool holds) = draw.Below(3) switch
        {
            0 => ("[larger|bigger|greater] than", '>', a > b),
            1 => ("[smaller|less|lower] than", '<', a < b),
            _ => ("[equal to|the same as]", '=', a == b),
        };
        string ask = Grammar.Expand("Is {a} " + word + " {b}?", draw, slot => Text(slot == "a" ? a : b));
        string relation = a > b ? "larger than" : a < b ? "smaller than" : "equal to";
        string verdict = holds ? "Yes" : "No";
        return (
            ask,
            $"{verdict}, {a} is {relation} {b}",
            $"{a}{sign}{b}? {DigitByDigit.Comparison(a, b)}: {verdict.ToLowerInvariant()}",
            new BeginsWith(verdict, thinks),
            "yes or no");
    }

    private static (string, string, string, Expectation, string) Extreme(Draw draw, int a, int b, int c, bool thinks)
    {
        bool larger = draw.Chance(60);
        int[] numbers = [a, b, c];
        string ask = Grammar.Expand(
            draw.Of([
                "Which is the " + (larger ? "[largest|biggest|greatest]" : "smallest") + ": {0}, {1} or {2}?",
                (larger ? "[Largest|Biggest]" : "Smallest") + " of {0}, {1} and {2}?",
                "[What is|Tell me|Find] the " + (larger ? "[largest|biggest]" : "smallest") + " of {0}, {1} and {2}[?|.]",
            ]),
            draw,
            slot => Text(numbers[slot[0] - '0']));
        int result = larger ? numbers.Max() : numbers.Min();
        int first = larger ? Math.Max(a, b) : Math.Min(a, b);
        string reasoning = $"{DigitByDigit.Choice(a, b, larger)}\n{DigitByDigit.Choice(first, c, larger)}";
        return (ask, Text(result), reasoning, new SaysNumber(result, thinks), "comparison of three");
    }
}
