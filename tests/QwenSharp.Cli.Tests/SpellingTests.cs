namespace QwenSharp.Cli.Tests;

public class SpellingTests
{
    [Theory]
    [InlineData("rnu", "run", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("Same", "same", 0)]
    public void Distance_counts_letters(string one, string other, int distance)
    {
        Assert.Equal(distance, Spelling.Distance(one, other));
        Assert.Equal(distance, Spelling.Distance(other, one));
    }

    [Theory]
    [InlineData("inpsect", "inspect")]
    [InlineData("quant", "quantize")]
    [InlineData("rn", "run")]
    public void A_near_word_is_named(string word, string expected) =>
        Assert.Contains($"'{expected}'", Spelling.Hint(word, ["run", "inspect", "quantize", "serve"]));

    [Theory]
    [InlineData("fly")]
    [InlineData("x")]
    [InlineData("")]
    public void A_word_far_from_all_is_not_guessed(string word) =>
        Assert.Equal("", Spelling.Hint(word, ["run", "inspect", "quantize", "rm"]));
}
