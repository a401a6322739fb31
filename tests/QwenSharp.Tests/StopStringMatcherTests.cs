using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Generation;

namespace QwenSharp.Tests;

public class StopStringMatcherTests
{
    [Theory]
    [InlineData("abcSTOPdef", "abc", true)]
    [InlineData("abcSTO", "abcSTO", false)]
    [InlineData("SSTOP", "S", true)]
    [InlineData("STOSTOP", "STO", true)]
    [InlineData("", "", false)]
    public void Text_before_the_stop_string_is_released_and_no_more(string text, string expected, bool stopped) =>
        Assert.Equal((expected, stopped), Run(text.Select(c => c.ToString()), ["STOP"]));

    [Fact]
    public void What_may_become_a_stop_string_is_held_back()
    {
        StopStringMatcher matcher = new(["<end>", "nd!"]);
        StringBuilder released = new();

        Assert.False(matcher.Push("text <e", released));
        Assert.Equal("text ", released.ToString());
        Assert.False(matcher.Push("n", released));
        Assert.Equal("text ", released.ToString());
        Assert.False(matcher.Push("x", released));
        Assert.Equal("text <enx", released.ToString());
    }

    [Fact]
    public void Of_stop_strings_that_end_together_the_longest_wins() =>
        Assert.Equal(("a", true), Run(["a\n\nUser:"], ["User:", "\n\nUser:"]));

    [Theory]
    [InlineData("a\n\nUser:", "\n\nUser:")]
    [InlineData("my User:", "User:")]
    [InlineData("nobody", null)]
    public void What_was_found_is_told(string text, string? expected)
    {
        StopStringMatcher matcher = new(["User:", "\n\nUser:"]);

        Assert.Equal(expected is not null, matcher.Push(text, new StringBuilder()));
        Assert.Equal(expected, matcher.Found);
    }

    [Fact]
    public void The_stop_string_that_ends_first_wins() =>
        Assert.Equal(("ab", true), Run(["abcdef"], ["bcdef", "cd"]));

    [Fact]
    public void An_empty_stop_string_is_refused() =>
        Assert.ThrowsAny<ArgumentException>(() => new StopStringMatcher(["x", ""]));

    [Fact]
    public void Any_cutting_of_the_text_gives_what_a_search_of_the_whole_gives()
    {
        Gen<string> letters = Gen.Elements('a', 'b').ListOf().Select(list => new string([.. list]));
        Gen<string[]> stops = Gen.Elements('a', 'b')
            .NonEmptyListOf()
            .Select(list => new string([.. list.Take(4)]))
            .ListOf()
            .Select(list => list.Take(3).ToArray());
        Prop.ForAll(
                letters.ListOf().ToArbitrary(),
                stops.ToArbitrary(),
                (pieces, stop) => Run(pieces, stop) == Search(string.Concat(pieces), stop))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(0x51, 0x7F4A7C15));
    }

    private static (string Text, bool Stopped) Run(IEnumerable<string> pieces, string[] stops)
    {
        StopStringMatcher matcher = new(stops);
        StringBuilder released = new();
        foreach (string piece in pieces)
        {
            if (matcher.Push(piece, released))
                return (released.ToString(), true);
        }

        matcher.Flush(released);
        return (released.ToString(), false);
    }

    /// <summary>The first end of any stop string, and there the longest one.</summary>
    private static (string Text, bool Stopped) Search(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] found = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))];
            if (found.Length > 0)
                return (text[..(end - found.Max(stop => stop.Length))], true);
        }

        return (text, false);
    }
}
