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
        Assert.True(vocabulary.NormalizesToNfc);
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

    /// <summary>What a model knows as the end of its turn ends it, and its tags stay visible, whatever the file says of them.</summary>
    [Theory]
    [InlineData("<|im_end|>", 1, true)]
    [InlineData("<|im_end|>", 4, true)]
    [InlineData("<|im_end|>", 5, true)]
    [InlineData("<|endoftext|>", 4, true)]
    [InlineData("<|fim_prefix|>", 1, true)]
    [InlineData("<|vision_start|>", 4, true)]
    [InlineData("<|AUDIO|>", 4, true)]
    [InlineData("<think>", 1, false)]
    [InlineData("<think>", 3, false)]
    [InlineData("</tool_call>", 3, false)]
    public void A_known_token_of_the_wrong_type_is_what_it_is(string token, int type, bool isControl)
    {
        List<string> repairs = [];
        BpeVocabulary vocabulary = FromGguf([.. Tokens, token], [.. Tokens.Select(_ => 1), type], repairs: repairs);

        Assert.Equal(new AddedToken(Tokens.Length, token, isControl), Assert.Single(vocabulary.AddedTokens));
        Assert.Contains(token, Assert.Single(repairs));
        Assert.Contains(Tokens.Length, BpeTokenizer.Create(vocabulary).Encode($"a{token}b", TokenParsing.All));
    }

    [Fact]
    public void Without_types_the_known_tokens_are_found_by_their_spelling()
    {
        BpeVocabulary vocabulary = FromGguf([.. Tokens, "<|im_start|>", "<think>", "[PAD7]"], []);

        Assert.Equal(["<|im_start|>", "<think>"], vocabulary.AddedTokens.Select(token => token.Content));
    }

    [Theory]
    [InlineData("<|im_end|>", 3)]
    [InlineData("<think>", 4)]
    [InlineData("<y>", 4)]
    [InlineData("<||>", 1)]
    [InlineData("<div>", 1)]
    public void A_type_that_fits_is_left_as_it_is(string token, int type)
    {
        List<string> repairs = [];
        BpeVocabulary vocabulary = FromGguf([.. Tokens, token], [.. Tokens.Select(_ => 1), type], repairs: repairs);

        Assert.Empty(repairs);
        Assert.Equal(type == 1 ? 0 : 1, vocabulary.AddedTokens.Count);
    }

    [Theory]
    [InlineData(null, PreTokenizerPattern.Qwen2)]
    [InlineData("", PreTokenizerPattern.Qwen2)]
    [InlineData("default", PreTokenizerPattern.Qwen35)]
    public void A_pre_tokenizer_that_the_file_does_not_name_is_that_of_the_family(string? name, PreTokenizerPattern usual)
    {
        List<string> repairs = [];

        Assert.Equal(usual, FromGguf(Tokens, [], name, usual, repairs).Pattern);
        Assert.Contains(usual == PreTokenizerPattern.Qwen2 ? "\"qwen2\"" : "\"qwen35\"", Assert.Single(repairs));
    }

    [Fact]
    public void A_vocabulary_of_the_size_of_Qwen35s_has_its_pattern()
    {
        Utf8Strings many = new(248_320, index => index < Tokens.Length ? System.Text.Encoding.UTF8.GetBytes(Tokens[index]) : "?"u8);

        Assert.Equal(PreTokenizerPattern.Qwen35, BpeVocabulary.FromGguf(many, Utf8Strings.From([]), [], "gpt2", null).Pattern);
    }

    [Fact]
    public void A_vocabulary_that_joins_digits_and_does_not_say_why_is_refused()
    {
        TokenizerFormatException refusal =
            Assert.Throws<TokenizerFormatException>(() => FromGguf([.. Tokens, "123"], [], preTokenizer: null));

        Assert.Contains("tokenizer.ggml.pre", refusal.Message);
        Assert.Contains("\"123\" joins digits", refusal.Message);
        Assert.Contains("Convert the model again", refusal.Message);
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

    private static BpeVocabulary FromGguf(
        string[] tokens,
        int[] types,
        string? preTokenizer = "qwen35",
        PreTokenizerPattern usual = PreTokenizerPattern.Qwen2,
        ICollection<string>? repairs = null) =>
        BpeVocabulary.FromGguf(
            Utf8Strings.From(tokens),
            Utf8Strings.From(TinyVocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}")),
            types,
            "gpt2",
            preTokenizer,
            usual,
            repairs);

    private static void AssertRefused(string message, BpeVocabulary vocabulary) =>
        Assert.Contains(message, Assert.Throws<TokenizerFormatException>(() => BpeTokenizer.Create(vocabulary)).Message);
}
