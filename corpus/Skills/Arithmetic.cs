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

    /// <summary>The kind of what it cannot do, and declines.</summary>
    public const string Beyond = "beyond";

    // {a}, {b}, {c}: to three digits; {d}, {e}: more digits; {s}, {t}: small. What each is stands before it.
    private static readonly (string What, string Ask)[] Others =
    [
        ("a product", "[What is|What's|Calculate|How much is|Work out|] {a}[*| * | x |×| × | times ]{b}[?|]"),
        ("a product", "[Multiply|Please multiply|Can you multiply] {a} [by|with|and] {b}[.|?]"),
        ("a product", "[What is|Give me|Tell me] the product of {a} and {b}[?|.]"),
        ("a product", "[A box|One bag|A crate] holds {a} {things}. How many {things} are in {s} of them?"),
        ("a quotient", "[What is|What's|Calculate|How much is|Work out|] {a}[/| / |÷| ÷ | divided by ]{s}[?|]"),
        ("a quotient", "[Divide|Please divide|Can you divide] {a} by {s}[.|?]"),
        ("a quotient", "{name} shares {a} {things} among {s} friends. How many does each get?"),
        ("with a negative number", "[What is|What's|Calculate|] -{a}[+| + | - | plus | minus ]{b}[?|]"),
        ("with a negative number", "[What is|What's|] {a}[ + | - | plus | minus ][(-{b})|-{b}][?|]"),
        ("with a negative number", "[Add|Please add] -{a} and {b}[.|]"),
        ("with more than three digits", "[What is|What's|Calculate|How much is|] {d}[+| + | plus | - | minus ][{e}|{b}][?|]"),
        ("with more than three digits", "[Add|Sum|Please add] {d} and [{e}|{b}][.|]"),
        ("with more than three digits", "{name} has {d} {things} and [buys|finds] {b} more. How many are there now?"),
        ("of three numbers", "[What is|What's|Calculate|How much is|] {a}[ + | - |+|-| plus ]{b}[ + | - |+|-| plus ]{c}[?|]"),
        ("of three numbers", "[Add|Sum|Please add|Add up] {a}, {b} and {c}[.|]"),
        ("of three numbers", "[What is|Tell me] the sum of {a}, {b} and {c}[?|.]"),
        ("a percentage", "[What is|What's|How much is|] {s}[%| %| percent] of {a}[?|]"),
        ("a power", "[What is|What's|] {a} [squared|cubed][?|]"),
        ("a power", "[What is|What's|Calculate|] {s}[^|**| to the power of ]{t}[?|]"),
        ("a root", "[What is|What's|] the [square|cube] root of {a}[?|]"),
        ("with decimals", "[What is|What's|Calculate|] {s}.{t}[+| + | - | plus | minus ]{t}.{s}[?|]"),
        ("with fractions", "[What is|What's|Add|] {t}/{s}[ + | and | - ]{s}/{t}[?|]"),
    ];

    private static readonly string[] Declines =
    [
        "I can't do that: I add, subtract and compare whole numbers to three digits. For real work get a real Qwen: "
            + "`qwensharp pull qwen3:0.6b`.",
        "Sorry, that I can't do: I only know sums and differences of two numbers to three digits.",
    ];

    private static readonly string[] Things =
    [
        "apples", "books", "coins", "stamps", "cards", "marbles", "pens", "stickers", "shells", "buttons", "eggs", "tickets", "photos",
        "stones", "nuts",
    ];

    public override string Name => "arithmetic";

    public override int Share => 8;

    public override Exercise Make(Draw draw)
    {
        bool thinks = draw.Chance(80);
        if (draw.Chance(14))
            return Decline(draw, thinks);

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

    /// <summary>What is no sum, difference or comparison to three digits, and what it is instead.</summary>
    private Exercise Decline(Draw draw, bool thinks)
    {
        (string what, string pattern) = draw.Of(Others);
        Dictionary<string, string> slots = new()
        {
            ["a"] = Text(Number(draw, thinks: true)),
            ["b"] = Text(Number(draw, thinks: true)),
            ["c"] = Text(Number(draw, thinks: true)),
            ["d"] = Text(draw.Between(1_000, draw.Chance(60) ? 9_999 : 999_999)),
            ["e"] = Text(draw.Between(1_000, 9_999)),
            ["s"] = Text(draw.Between(2, 30)),
            ["t"] = Text(draw.Between(2, 9)),
            ["name"] = Invented.First(draw),
            ["things"] = draw.Of(Things),
        };
        string ask = Grammar.Expand(pattern, draw, slot => slots[slot]);
        Message answer = Message.Assistant(draw.Of(Declines)) with { Reasoning = thinks ? $"{what}: no" : "" };
        return new Exercise(Name, Beyond, new Conversation([Message.User(ask), answer], [], thinks), Mentions.Of("can't|cannot"))
        {
            Key = $"beyond {StableHash.KeyOf(ask)}",
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
            ["things"] = draw.Of(Things),
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
