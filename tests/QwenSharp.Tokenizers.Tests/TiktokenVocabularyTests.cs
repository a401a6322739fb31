using System.Text;

namespace QwenSharp.Tokenizers.Tests;

public class TiktokenVocabularyTests
{
    private static readonly byte[][] Tokens = [.. TinyVocabulary.Tokens().Select(Bytes)];

    [Fact]
    public void The_merges_are_found_that_made_the_tokens()
    {
        BpeVocabulary vocabulary = TiktokenVocabulary.Read(File(Tokens));

        Assert.Equal(TinyVocabulary.Tokens(), Strings(vocabulary.Tokens));
        Assert.Equal(TinyVocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}"), Strings(vocabulary.Merges));
        Assert.True(vocabulary.NormalizesToNfc);
    }

    [Fact]
    public void Texts_become_the_tokens_that_the_merges_give()
    {
        BpeTokenizer read = BpeTokenizer.Create(TiktokenVocabulary.Read(File(Tokens))),
            made = BpeTokenizer.Create(TinyVocabulary.Vocabulary with { AddedTokens = [], NormalizesToNfc = true });
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(made.Encode(text), read.Encode(text));
        }
    }

    [Fact]
    public void The_control_tokens_of_the_models_code_stand_behind_the_others()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(TiktokenVocabulary.Read(File(Tokens)));

        int[] ids =
        [
            .. ((string[])["<|endoftext|>", "<|im_end|>", "<|extra_204|>"]).Select(content =>
                tokenizer.TryGetId(content, out int id) ? id - Tokens.Length : -1),
        ];
        Assert.Equal([0, 2, 207], ids);
        Assert.True(tokenizer.IsControl(Tokens.Length + 2));
    }

    [Fact]
    public void Windows_line_ends_and_a_missing_last_one_are_fine() =>
        Assert.Equal(
            Tokens.Length,
            TiktokenVocabulary
                .Read(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(File(Tokens)).Replace("\n", "\r\n").TrimEnd()))
                .Tokens.Count);

    [Theory]
    [InlineData("", "no tokens")]
    [InlineData("QQ==", "line 1: it is not a token in Base64, a space and a rank")]
    [InlineData("QQ== 0\nQg== 2", "line 2: its rank must be 1")]
    [InlineData("QQ== 0\n\nQg== one", "line 3: its rank must be 1")]
    [InlineData("QQ== 0\nQQ== 1", "line 2: it is the token of rank 0 again")]
    [InlineData("QQ=! 0", "line 1: its token is not in Base64")]
    [InlineData("QQ== 0\nQkNE 1", "of rank 1, to which no two tokens before it lead")]
    public void What_is_no_vocabulary_is_refused_by_its_line(string file, string problem) =>
        Assert.Contains(
            problem,
            Assert.Throws<TokenizerFormatException>(() => TiktokenVocabulary.Read(Encoding.ASCII.GetBytes(file))).Message);

    [Fact]
    public void Mutated_files_are_read_or_refused()
    {
        byte[] file = File(Tokens);
        Random random = new(9);
        for (int i = 0; i < 300; i++)
        {
            byte[] mutated = [.. file];
            for (int n = random.Next(1, 4); n > 0; n--)
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);

            try
            {
                BpeTokenizer.Create(TiktokenVocabulary.Read(mutated.AsSpan(0, random.Next(mutated.Length + 1))));
            }
            catch (TokenizerFormatException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }
    }

    private static byte[] File(byte[][] tokens) =>
        Encoding.ASCII.GetBytes(string.Concat(tokens.Select((token, rank) => $"{Convert.ToBase64String(token)} {rank}\n")));

    private static byte[] Bytes(string spelled)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(spelled), bytes = new byte[utf8.Length];
        return bytes[..ByteSpelling.Decode(utf8, bytes)];
    }

    private static string[] Strings(Utf8Strings strings) =>
        [.. Enumerable.Range(0, strings.Count).Select(i => Encoding.UTF8.GetString(strings[i]))];
}
