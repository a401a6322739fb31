using System.Text;
using QwenSharp.Tokenizers.Unicode;

namespace QwenSharp.Tokenizers.Tests;

public class NfcTests
{
    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B", "Å")]
    [InlineData("\u1100\u1161\u11A8", "각")]
    [InlineData("가\u11A8", "각")]
    [InlineData("a\u0323\u0302", "ậ")]
    [InlineData("a\u0302\u0323", "ậ")]
    [InlineData("\u0915\u093C", "\u0915\u093C")] // excluded from composition
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\u0301e", "\u0301e")]
    public void Normalizes_as_UAX_15_says(string text, string expected) => Assert.Equal(expected, Normalize(text));

    [Fact]
    public void Agrees_with_the_runtime_on_every_code_point_and_beside_others()
    {
        for (int codePoint = 0; codePoint < 0x110000; codePoint++)
        {
            // The runtime refuses the noncharacters U+xxFFFE and U+xxFFFF.
            if (!Rune.IsValid(codePoint) || (codePoint & 0xFFFE) == 0xFFFE || IsNewerThanTheTables(codePoint))
                continue;

            string character = new Rune(codePoint).ToString();
            AssertAsRuntime(character);
            if (codePoint is < 0x3400 or (>= 0xA800 and < 0xAC00) or (>= 0xF900 and < 0x20000))
                AssertAsRuntime($"a\u0328{character}\u0301");
        }
    }

    [Fact]
    public void Agrees_with_the_runtime_on_random_runs()
    {
        Random random = new(11);
        string[] atoms =
        [
            "a", "e", "o", "\u0301", "\u0302", "\u0323", "\u0328", "\u0345", "\u0338", "ế", "Å", "가", "\u1161", "\u11A8", "\u1100",
            "\u0B47", "\u0B3E", "क", "\u093C", "\U000110A5", "\U000110BA", "文", "=", " ",
        ];
        for (int i = 0; i < 30_000; i++)
            AssertAsRuntime(string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => atoms[random.Next(atoms.Length)])));
    }

    [Fact]
    public void Malformed_bytes_pass_unchanged()
    {
        byte[] bytes = [0x65, 0xFF, 0xCC, 0x81, 0xCC, 0xED, 0xA0, 0x80, 0x65, 0xCC, 0x81];
        PooledList<byte> output = new(16);
        Nfc.Normalize(bytes, ref output);
        Assert.Equal([0x65, 0xFF, 0xCC, 0x81, 0xCC, 0xED, 0xA0, 0x80, 0xC3, 0xA9], output.Items.ToArray());
        output.Dispose();
    }

    [Fact]
    public void Only_a_vocabulary_that_asks_for_it_is_normalized()
    {
        BpeTokenizer normalizing = BpeTokenizer.Create(TinyVocabulary.Vocabulary with { NormalizesToNfc = true });
        Assert.Equal(TinyVocabulary.Tokenizer.Encode("é"), normalizing.Encode("e\u0301"));
        Assert.Equal("e\u0301", TinyVocabulary.Tokenizer.Decode(TinyVocabulary.Tokenizer.Encode("e\u0301")));
    }

    private static void AssertAsRuntime(string text)
    {
        Assert.Equal(text.Normalize(NormalizationForm.FormC), Normalize(text));
        if (Nfc.IsSettled(Encoding.UTF8.GetBytes(text)))
            Assert.True(text.IsNormalized(NormalizationForm.FormC), text);
    }

    /// <summary>Mappings and classes that Unicode 15 and 16 added; the runtime may know them, the tables by intention do not.</summary>
    private static bool IsNewerThanTheTables(int codePoint) =>
        codePoint is 0x0897 or 0x0CF3 or 0x0ECE or (>= 0x1ACF and <= 0x1AEB) or (>= 0x10530 and < 0x10600) or (>= 0x10D40 and < 0x10F00)
            or (>= 0x11200 and < 0x11F60) or (>= 0x16100 and < 0x17000) or (>= 0x1E000 and < 0x1E800);

    private static string Normalize(string text)
    {
        PooledList<byte> output = new(16);
        Nfc.Normalize(Encoding.UTF8.GetBytes(text), ref output);
        string normalized = Encoding.UTF8.GetString(output.Items);
        output.Dispose();
        return normalized;
    }
}
