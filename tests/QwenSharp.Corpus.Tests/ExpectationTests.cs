using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus.Tests;

/// <summary>Judges of answers: strict where it matters, fair where it does not.</summary>
public class ExpectationTests
{
    [Theory]
    [InlineData("262144 & Apache|MIT", "It has 262,144 tokens and is under `apache` 2.0.", true)]
    [InlineData("262144 & Apache|MIT", "It has 262,144 tokens.", false)]
    [InlineData("4b", "Qwen3 comes in 14B.", false)]
    [InlineData("4B", "Qwen3-4b, of course", true)]
    [InlineData("32768", "32 768", false)]
    [InlineData("qwensharp pull", "Type `qwensharp pull qwen3:4b`.", true)]
    [InlineData("qwensharp pull qwen3:4b", "Type `qwensharp pull qwen3:4b-instruct`.", true)]
    [InlineData("can't|cannot", "I can’t do that.", true)]
    public void Mentions_look_for_whole_words(string keys, string text, bool right) => Check(Mentions.Of(keys), text, right);

    [Fact]
    public void An_answer_in_words_calls_nothing() =>
        Assert.Contains("f", Mentions.Of("x").Fault(new Answer("x", "", [new ToolCall("f", "{}")])));

    [Theory]
    [InlineData("""{"a": 1, "b": "x"}""", true)]
    [InlineData("""{"b": "x", "a": 1.0}""", true)]
    [InlineData("""{"a": "1", "b": "x"}""", false)]
    [InlineData("""{"a": 1}""", false)]
    [InlineData("""{"a": 1, "b": "x", "c": null}""", false)]
    [InlineData("""{"a": 1, "b": "x" """, false)]
    public void Arguments_are_compared_as_values(string arguments, bool right)
    {
        CallsTools expected = new([new ToolCall("f", """{"a": 1, "b": "x"}""")]);

        Assert.Equal(right, expected.Fault(new Answer("", "", [new ToolCall("f", arguments)])) is null);
        Assert.Equal(right, new IsJson("""{"a": 1, "b": "x"}""").Fault(new Answer(arguments, "", [])) is null);
    }

    [Fact]
    public void Two_calls_are_right_in_any_order_and_only_both()
    {
        ToolCall f = new("f", "{}"), g = new("g", """{"a": 1}""");
        CallsTools expected = new([f, g]);

        Assert.Null(expected.Fault(new Answer("", "", [g, f])));
        Assert.NotNull(expected.Fault(new Answer("", "", [f])));
        Assert.NotNull(expected.Fault(new Answer("", "", [f, f])));
        Assert.NotNull(expected.Fault(new Answer("", "", [f, g, g])));
        Assert.Null(expected.Fault(new Answer("To do: f, g.", "", [f, g])));
        Assert.NotNull(expected.Fault(new Answer("<tool_call>\n{\"name\": \"f\"", "", [f, g])));
    }

    [Theory]
    [InlineData("a, B-1", true)]
    [InlineData(" a, B-1\n", true)]
    [InlineData("a, b-1", false)]
    [InlineData("\"a, B-1\"", false)]
    public void What_is_repeated_is_the_same_to_the_letter(string text, bool right) => Check(new Repeats("a, B-1"), text, right);

    [Theory]
    [InlineData("347 + 285 = 632", 632, true)]
    [InlineData("The sum is 632.", 632, true)]
    [InlineData("632 - 285", 632, false)]
    [InlineData("5-8 = -3", -3, true)]
    [InlineData("−3", -3, true)]
    [InlineData("5-3", 3, true)]
    [InlineData("many", 3, false)]
    public void The_last_number_counts(string text, int number, bool right) => Check(new SaysNumber(number, Reasons: false), text, right);

    [Fact]
    public void Thinking_is_demanded_or_forbidden()
    {
        Assert.NotNull(new SaysNumber(3, Reasons: true).Fault(new Answer("3", "", [])));
        Assert.Null(new SaysNumber(3, Reasons: true).Fault(new Answer("3", "1+2", [])));
        Assert.NotNull(new SaysNumber(3, Reasons: false).Fault(new Answer("3", "1+2", [])));
        Assert.Null(new BeginsWith("No", Reasons: false).Fault(new Answer("No, 2 is smaller.", "", [])));
        Assert.NotNull(new BeginsWith("No", Reasons: false).Fault(new Answer("Nothing", "", [])));
    }

    [Theory]
    [InlineData("Danke!", true)]
    [InlineData("In German: danke.", true)]
    [InlineData("\"danke\" it is", true)]
    [InlineData("danke schön", false)]
    [InlineData("merci", false)]
    public void A_phrase_is_itself_whatever_its_frame(string text, bool right) => Check(new SaysPhrase(["danke"]), text, right);

    [Theory]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. It was gold. Milo was glad.", true)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. Milo was glad.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. It was gold. It was gold.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. It was gold. Milo was", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a hat. It was red. Milo was glad.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. It was Luna's. Milo was glad.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. An owl named Luna came. Luna was glad.", true)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. An owl named Milo came. Milo was glad.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. An owl called Milo came. Luna was glad.", false)]
    [InlineData("Once a fox named Milo lived in a cave. Milo found a key. An owl called for help. Milo was glad.", true)]
    public void A_story_holds_together(string text, bool right) => Check(new TellsStory(["fox", "key"], ["Milo", "Luna"]), text, right);

    private static void Check(Expectation expected, string text, bool right) =>
        Assert.Equal(right, expected.Fault(new Answer(text, "", [])) is null);
}
