using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace QwenSharp.Tokenizers.Tests;

public class PreTokenizerTests
{
    [Theory]
    [InlineData("I'm HE'LL you'ſx y'all", "I|'m| HE|'LL| you|'ſ|x| y|'all")]
    [InlineData("a  b   \n\n  c ", "a| | b|   \n\n| | c| ")]
    [InlineData("x = f(12.5);\r\n\r\n}", "x| =| f|(|1|2|.|5|);\r\n\r\n|}")]
    [InlineData("\t\tif\u00A0now", "\t|\tif|\u00A0now")]
    [InlineData(" 7  7", " |7| | |7")]
    [InlineData("   ", "   ")]
    public void Cuts_as_published(string text, string pieces) =>
        Assert.Equal(pieces, string.Join('|', Split(text, PreTokenizerPattern.Qwen2)));

    [Theory]
    [InlineData(PreTokenizerPattern.Qwen2, "e|\u0301x| ☃|\u0301")]
    [InlineData(PreTokenizerPattern.Qwen35, "e\u0301x| |☃\u0301")]
    public void Marks_belong_to_words_only_in_Qwen35(PreTokenizerPattern pattern, string pieces)
    {
        string text = pieces.Replace("|", "");
        Assert.Equal(Oracle.Split(text, pattern), Split(text, pattern));
        if (pattern == PreTokenizerPattern.Qwen35)
            Assert.Equal("e\u0301x", Split(text, pattern)[0]);
        else
            Assert.Equal("e", Split(text, pattern)[0]);
    }

    [Theory]
    [InlineData(PreTokenizerPattern.Qwen2)]
    [InlineData(PreTokenizerPattern.Qwen35)]
    public void Agrees_with_the_published_pattern_on_edge_cases(PreTokenizerPattern pattern)
    {
        Random random = new(20260101);
        for (int i = 0; i < 20_000; i++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(Oracle.Split(text, pattern), Split(text, pattern));
        }
    }

    [Theory]
    [InlineData(PreTokenizerPattern.Qwen2)]
    [InlineData(PreTokenizerPattern.Qwen35)]
    public void Agrees_with_the_published_pattern_on_any_text(PreTokenizerPattern pattern) =>
        Prop.ForAll<NonNull<string>>(text =>
        {
            string valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
            return Oracle.Split(valid, pattern).SequenceEqual(Split(valid, pattern));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(PreTokenizerPattern.Qwen2)]
    [InlineData(PreTokenizerPattern.Qwen35)]
    public void Classifies_every_code_point_as_the_published_pattern(PreTokenizerPattern pattern)
    {
        // Between two letters, a class shows in where the pieces end.
        for (int codePoint = 0; codePoint < 0x10000; codePoint++)
        {
            if (Rune.IsValid(codePoint))
            {
                string text = $"a{(char)codePoint}b";
                Assert.Equal(Oracle.Split(text, pattern), Split(text, pattern));
            }
        }
    }

    [Fact]
    public void Every_byte_of_malformed_text_is_in_one_piece()
    {
        Random random = new(7);
        byte[] bytes = new byte[64];
        for (int i = 0; i < 5_000; i++)
        {
            random.NextBytes(bytes);
            PreTokenizer preTokenizer = new((PreTokenizerPattern)(i % 2));
            for (int start = 0, end; start < bytes.Length; start = end)
            {
                end = preTokenizer.EndOfPiece(bytes, start);
                Assert.InRange(end, start + 1, bytes.Length);
            }
        }
    }

    private static List<string> Split(string text, PreTokenizerPattern pattern)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        PreTokenizer preTokenizer = new(pattern);
        List<string> pieces = [];
        for (int start = 0, end; start < bytes.Length; start = end)
        {
            end = preTokenizer.EndOfPiece(bytes, start);
            pieces.Add(Encoding.UTF8.GetString(bytes.AsSpan(start..end)));
        }

        return pieces;
    }
}
