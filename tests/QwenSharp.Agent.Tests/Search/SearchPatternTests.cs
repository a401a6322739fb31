using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Agent.Search;

namespace QwenSharp.Agent.Tests.Search;

/// <summary>Lines are found as trying the expression on each would find them.</summary>
public sealed class SearchPatternTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("foo", "foo")]
    [InlineData("foo.*barbaz", "barbaz")]
    [InlineData("colou?r", "colo")]
    [InlineData("a\\.b\\(c", "a.b(c")]
    [InlineData("foo|bar", "")]
    [InlineData("(foo|bar)quux", "quux")]
    [InlineData("(?i)foo", "")]
    [InlineData("\\bword\\b", "word")]
    [InlineData("[abc]defg", "defg")]
    [InlineData("ab{2,3}cde", "cde")]
    [InlineData("f {a|b}", "")]
    [InlineData("\\x41bc", "")]
    [InlineData("\\p{L}abc", "")]
    [InlineData("(a)\\1bcd", "")]
    [InlineData("x+yz", "yz")]
    [InlineData("x*", "")]
    [InlineData("^$", "")]
    public void The_text_that_no_match_is_without(string pattern, string text)
    {
        _ = new Regex(pattern);
        Assert.Equal(text, RequiredText.Of(pattern, ignoresCase: false));
    }

    [Fact]
    public void A_search_finds_what_the_expression_finds_line_by_line()
    {
        string[] patterns =
            ["ab", "AB", "a", "a.b", "^a", "b$", "a|b", "[ab]+c", "\\bab\\b", "a\\s", "é", "É", "ab?c", "(ab|c)d", "x*", "^$", "\\w+ \\w+", "k", "[^a]", "a+b"];
        Gen<string> line = Gen.Elements("a", "b", "c", "d", "A", "B", " ", "é", "É", "ab", "\t", "K").ListOf().Select(string.Concat);
        Gen<string> text = Gen.Zip(line, Gen.Elements("\n", "\r\n")).ListOf().Select(lines => string.Concat(lines.Select(one => one.Item1 + one.Item2)));
        Prop.ForAll(
            Gen.Zip(Gen.Elements(patterns), Gen.Zip(text, line)).ToArbitrary(),
            drawn =>
            {
                (string written, (string above, string last)) = drawn;
                string content = above + last;
                SearchPattern pattern = new(written);
                List<FoundLine> found = [];
                new LineSearch(pattern).Search(Encoding.UTF8.GetBytes(content), 1, found, int.MaxValue);

                RegexOptions options = RegexOptions.CultureInvariant | (written.Any(char.IsUpper) ? 0 : RegexOptions.IgnoreCase);
                string[] lines = (content.EndsWith('\n') ? content[..^1] : content).Split('\n');
                int[] expected = content.Length == 0
                    ? []
                    : [.. lines.Select((one, i) => (one, i)).Where(one => Regex.IsMatch(one.one.TrimEnd('\r'), written, options)).Select(one => one.i + 1)];
                Assert.Equal(expected, found.Select(one => one.Number));
                Assert.All(found, one => Assert.Equal(lines[one.Number - 1].TrimEnd('\r'), one.Text));
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Files_larger_than_the_buffer_are_searched_to_their_end()
    {
        string path = _folder.Write("big.txt", string.Concat(Enumerable.Range(1, 300_000).Select(i => i % 1000 == 7 ? $"needle {i}\n" : $"hay {i}\n")) + "needle last");
        List<FoundLine>? found = new FileSearch(new SearchPattern("needle")).Search(path, int.MaxValue);
        Assert.Equal(301, found!.Count);
        Assert.All(found.SkipLast(1), line => Assert.Equal($"needle {line.Number}", line.Text));
        Assert.Equal(new FoundLine(300_001, "needle last"), found[^1]);
    }

    [Fact]
    public void A_line_larger_than_the_buffer_is_searched_as_one()
    {
        string path = _folder.Write("long.txt", "first\n" + new string('x', 3 << 20) + "needle\nlast");
        FoundLine found = Assert.Single(new FileSearch(new SearchPattern("needle")).Search(path, 10)!);
        Assert.Equal(2, found.Number);
        Assert.True(found.Text.Length < 400);
    }

    [Fact]
    public void Binary_files_are_left_out_and_marked_text_is_not()
    {
        File.WriteAllBytes(_folder["a.bin"], [.. "needle"u8, 0]);
        Assert.Null(new FileSearch(new SearchPattern("needle")).Search(_folder["a.bin"], 10));
        File.WriteAllText(_folder["a.txt"], "hay\nneedle\n", Encoding.Unicode);
        Assert.Equal(2, Assert.Single(new FileSearch(new SearchPattern("needle")).Search(_folder["a.txt"], 10)!).Number);
    }
}
