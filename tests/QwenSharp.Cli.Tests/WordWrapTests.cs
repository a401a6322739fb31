using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public class WordWrapTests
{
    [Theory]
    [InlineData("The quick brown fox", 10, "The quick \nbrown fox")]
    [InlineData("exactly10! and", 10, "exactly10!\nand")]
    [InlineData("short\nlines\n", 10, "short\nlines\n")]
    [InlineData("a verylongwordindeed b", 10, "a \nverylongwordindeed b")]
    [InlineData("你好世界你好", 8, "你好世界\n你好")]
    [InlineData("    code stays", 20, "    code stays")]
    [InlineData("", 10, "")]
    public void Rows_end_between_words(string text, int width, string expected)
    {
        Assert.Equal(expected, Wrap(width, text));
        // A model's text comes in pieces, which end anywhere.
        for (int length = 1; length < text.Length; length++)
            Assert.Equal(expected, Wrap(width, [.. text.Chunk(length).Select(piece => new string(piece))]));
    }

    [Fact]
    public void Only_line_ends_are_added_and_no_row_is_too_long()
    {
        Random random = new(2);
        for (int round = 0; round < 200; round++)
        {
            int width = random.Next(4, 30);
            string text = string.Join(' ', Enumerable.Range(0, 40).Select(_ => new string('x', random.Next(1, width + 1))));
            string wrapped = Wrap(width, text);

            Assert.Equal(string.Concat(text.Where(c => c == 'x')), string.Concat(wrapped.Where(c => c is not (' ' or '\n'))));
            Assert.All(wrapped.Split('\n'), row => Assert.True(row.Length <= width, $"'{row}' in {width}"));
        }
    }

    private static string Wrap(int width, params string[] pieces)
    {
        WordWrap wrap = new(() => width);
        return string.Concat(pieces.Select(wrap.Push)) + wrap.Finish();
    }
}
