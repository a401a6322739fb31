namespace QwenSharp.Tokenizers.Tests;

public class VocabularyTests
{
    private static readonly string[] Tokens = TinyVocabulary.Tokens();

    [Fact]
    public void A_GGUF_vocabulary_takes_its_added_tokens_from_the_types()
    {
        BpeVocabulary vocabulary = FromGguf([.. Tokens, "<|x|>", "<y>", "[PAD1]"], [.. Tokens.Select(_ => 1), 3, 4, 5]);
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary with { EosId = Tokens.Length });

        Assert.Equal(PreTokenizerPattern.Qwen35, vocabulary.Pattern);
        Assert.False(vocabulary.NormalizesToNfc);
        Assert.Equal(Tokens.Length, tokenizer.EosId);
        Assert.Equal(
            [new AddedToken(Tokens.Length, "<|x|>", true), new AddedToken(Tokens.Length + 1, "<y>", false)],
            tokenizer.AddedTokens);
        Assert.Equal([Tokens.Length, Tokens.Length + 1], tokenizer.Encode("<|x|><y>", TokenParsing.All));
        Assert.Equal("[PAD1]", tokenizer.Decode([Tokens.Length + 2]));
        Assert.DoesNotContain(Tokens.Length + 2, tokenizer.Encode("[PAD1]", TokenParsing.All));
    }

    [Theory]
    [InlineData("llama", "qwen2", "tokenizer.ggml.model is \"llama\"")]
    [InlineData("gpt2", "llama-bpe", "tokenizer.ggml.pre is \"llama-bpe\"")]
    public void A_tokenizer_of_another_kind_is_refused(string model, string preTokenizer, string message)
    {
        TokenizerFormatException error = Assert.Throws<TokenizerFormatException>(
            () => BpeVocabulary.FromGguf(Utf8Strings.From(Tokens), Utf8Strings.From([]), [], model, preTokenizer));
        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void Faults_of_a_vocabulary_are_named()
    {
        BpeVocabulary good = TinyVocabulary.Vocabulary;
        string first = $"{TinyVocabulary.Merges[0].Left} {TinyVocabulary.Merges[0].Right}";
        AssertRefused(
            "no token for the byte 0x61",
            good with
            {
                Tokens = Utf8Strings.From(Tokens.Select(token => token == "a" ? "" : token)),
                Merges = Utf8Strings.From([]),
            });
        AssertRefused("Tokens 97 and", good with { Tokens = Utf8Strings.From([.. Tokens, "a"]), AddedTokens = [] });
        AssertRefused("Merge 0, \"ab\"", good with { Merges = Utf8Strings.From(["ab"]) });
        AssertRefused("Merge 0, \"q zz\"", good with { Merges = Utf8Strings.From(["q zz"]) });
        AssertRefused("Merges 0 and 1 are the same", good with { Merges = Utf8Strings.From([first, first]) });
        AssertRefused("have the id 700", good with { AddedTokens = [new(700, "x", true), new(700, "y", true)] });
        AssertRefused("both spelled \"x\"", good with { AddedTokens = [new(700, "x", true), new(701, "x", true)] });
        AssertRefused("no content", good with { AddedTokens = [new(700, "", true)] });
        AssertRefused("the id -1", good with { AddedTokens = [new(-1, "x", true)] });
        AssertRefused("the id 2147483647", good with { AddedTokens = [new(int.MaxValue, "x", true)] });
        AssertRefused("Token 100000, which ends", good with { EosId = 100_000 });
        AssertRefused("does not say which", good with { AddsBos = true });
        Assert.Contains("one for each", Assert.Throws<TokenizerFormatException>(() => FromGguf(Tokens, [1])).Message);
        Assert.Contains("type 6", Assert.Throws<TokenizerFormatException>(() => FromGguf(Tokens, [.. Tokens.Select(_ => 6)])).Message);
    }

    [Fact]
    public void An_id_without_a_token_has_no_bytes()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(
            TinyVocabulary.Vocabulary with
            {
                AddedTokens = [new(Tokens.Length + 5, "<z>", false)],
            });
        Assert.Equal(Tokens.Length + 6, tokenizer.VocabularySize);
        Assert.Equal("", tokenizer.Decode([Tokens.Length + 2]));
    }

    private static BpeVocabulary FromGguf(string[] tokens, int[] types) =>
        BpeVocabulary.FromGguf(
            Utf8Strings.From(tokens),
            Utf8Strings.From(TinyVocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}")),
            types,
            "gpt2",
            "qwen35");

    private static void AssertRefused(string message, BpeVocabulary vocabulary) =>
        Assert.Contains(message, Assert.Throws<TokenizerFormatException>(() => BpeTokenizer.Create(vocabulary)).Message);
}
