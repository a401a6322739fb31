using QwenSharp.Agent.Search;

namespace QwenSharp.Agent.Tests.Search;

public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("*.cs", "a.cs", true)]
    [InlineData("*.cs", "sub/a.cs", false)]
    [InlineData("**/*.cs", "a.cs", true)]
    [InlineData("**/*.cs", "x/y/a.cs", true)]
    [InlineData("src/**", "src/a/b", true)]
    [InlineData("src/**", "src", false)]
    [InlineData("src/**/b/*.c", "src/b/x.c", true)]
    [InlineData("src/**/b/*.c", "src/a/b/b/x.c", true)]
    [InlineData("src/**/b/*.c", "src/a/c/x.c", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "a/c", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXbYb", false)]
    [InlineData("[a-c]x[!0-9]", "bxz", true)]
    [InlineData("[a-c]x[!0-9]", "bx5", false)]
    [InlineData("[]]", "]", true)]
    [InlineData("{a,b}/*.{ts,tsx}", "b/x.tsx", true)]
    [InlineData("{a,b}/*.{ts,tsx}", "c/x.ts", false)]
    [InlineData("{a,{b,c}}", "c", true)]
    [InlineData("{a}", "{a}", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "x", false)]
    [InlineData("**", "a/b/c", true)]
    [InlineData("a/**/**/b", "a/b", true)]
    [InlineData("", "", true)]
    public void Paths_match_as_shells_and_git_match_them(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new GlobPattern(pattern).IsMatch(path));

    [Theory]
    [InlineData("[a")]
    [InlineData("{a,b")]
    [InlineData("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}")]
    public void What_is_no_pattern_is_refused(string pattern) => Assert.Throws<FormatException>(() => new GlobPattern(pattern));

    [Fact]
    public void Many_stars_take_no_time() =>
        Assert.False(new GlobPattern(string.Concat(Enumerable.Repeat("*a", 50)) + "b").IsMatch(new string('a', 2000)));
}
