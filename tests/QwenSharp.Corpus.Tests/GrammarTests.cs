namespace QwenSharp.Corpus.Tests;

public class GrammarTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a[b]c", "abc")]
    [InlineData("[a|b]", "a", "b")]
    [InlineData("x[|y]", "x", "xy")]
    [InlineData("[a|b[c|d]]", "a", "bc", "bd")]
    [InlineData("a | b", "a | b")]
    [InlineData("[{s}|t] is a {s}", "owl is an owl", "t is an owl")]
    public void A_pattern_makes_all_its_texts_and_no_other(string pattern, params string[] texts)
    {
        Draw draw = new(1, Split.Train);
        HashSet<string> made = [.. Enumerable.Range(0, 200).Select(_ => Grammar.Expand(pattern, draw, _ => "owl"))];

        Assert.Equal(texts.Order(), made.Order());
    }

    [Theory]
    [InlineData("[a|b")]
    [InlineData("[a[b]")]
    [InlineData("{a")]
    [InlineData("{a}")]
    public void A_broken_pattern_is_refused(string pattern) =>
        Assert.Throws<FormatException>(() => Grammar.Expand(pattern, new Draw(1, Split.Train)));

    [Fact]
    public void Only_slots_that_are_said_are_drawn()
    {
        List<string> asked = [];
        string text = Grammar.Expand("[{a}|{b}]", new Draw(9, Split.Train), slot =>
        {
            asked.Add(slot);
            return slot;
        });

        Assert.Equal([text], asked);
    }
}
