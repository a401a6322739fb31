using System.Text;
using QwenSharp.Tests;

namespace QwenSharp.Tokenizers.Tests.Training;

/// <summary>A trained vocabulary, written and read back.</summary>
public class WrittenVocabularyTests
{
    private static readonly BpeVocabulary Trained = Train(PreTokenizerPattern.Qwen2);

    [Theory]
    [InlineData(PreTokenizerPattern.Qwen2)]
    [InlineData(PreTokenizerPattern.Qwen35)]
    public void Gguf_and_tokenizer_json_encode_as_the_vocabulary_they_were_written_from(PreTokenizerPattern pattern)
    {
        BpeVocabulary trained = Train(pattern);
        BpeTokenizer expected = BpeTokenizer.Create(trained);
        BpeTokenizer json = BpeTokenizer.Create(TokenizerJson.Read(TokenizerJson.Write(trained)));
        BpeTokenizer gguf = BpeTokenizer.Create(Read(GgufVocabulary.From(trained, expected.VocabularySize)));
        Assert.Equal(expected.AddedTokens, json.AddedTokens);
        Assert.Equal(expected.AddedTokens, gguf.AddedTokens);

        Random random = new(9);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random);
            foreach (TokenParsing parsing in Enum.GetValues<TokenParsing>())
            {
                int[] ids = expected.Encode(text, parsing);
                Assert.Equal(ids, json.Encode(text, parsing));
                Assert.Equal(ids, gguf.Encode(text, parsing));
            }
        }
    }

    [Fact]
    public void Tokenizer_json_gives_the_same_vocabulary_back()
    {
        BpeVocabulary full = Trained with
        {
            NormalizesToNfc = true,
            IgnoresMerges = true,
            AddedTokens =
            [
                .. Trained.AddedTokens,
                new AddedToken(5000, "\"x\u0001y\\", false)
                {
                    SingleWord = true,
                    StripsLeft = true,
                    StripsRight = true,
                    IsNormalized = true,
                },
            ],
        };
        BpeVocabulary read = TokenizerJson.Read(TokenizerJson.Write(full));

        Assert.Equal(Strings(full.Tokens), Strings(read.Tokens));
        Assert.Equal(Strings(full.Merges), Strings(read.Merges));
        Assert.Equal(full.AddedTokens, read.AddedTokens);
        Assert.Equal((full.Pattern, full.NormalizesToNfc, full.IgnoresMerges), (read.Pattern, read.NormalizesToNfc, read.IgnoresMerges));
    }

    [Fact]
    public void The_published_file_comes_back_from_what_is_written_of_it()
    {
        BpeVocabulary published = TokenizerJson.Read(File.ReadAllBytes(Fixtures.Require("tokenizers", "tokenizer.json")));
        BpeVocabulary read = TokenizerJson.Read(TokenizerJson.Write(published));
        Assert.Equal(Strings(published.Tokens), Strings(read.Tokens));
        Assert.Equal(Strings(published.Merges), Strings(read.Merges));
        Assert.Equal(published.AddedTokens, read.AddedTokens);
        Assert.Equal(published.NormalizesToNfc, read.NormalizesToNfc);
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_are_marked_unused()
    {
        int count = Trained.AddedTokens[^1].Id + 1;
        GgufVocabulary padded = GgufVocabulary.From(Trained, count + 2);
        Assert.Equal([$"[PAD{count}]", $"[PAD{count + 1}]"], padded.Tokens[count..]);
        Assert.Equal(count + 2, BpeTokenizer.Create(Read(padded)).VocabularySize);
        Assert.Contains("</think>", Assert.Throws<TokenizerFormatException>(() => GgufVocabulary.From(Trained, count - 1)).Message);
    }

    private static BpeVocabulary Train(PreTokenizerPattern pattern)
    {
        Random random = new(10);
        return BpeTrainer.Train(
            Enumerable.Range(0, 500).Select(_ => RandomText.Next(random)),
            new() { VocabularySize = 700, Pattern = pattern },
            TestContext.Current.CancellationToken);
    }

    private static BpeVocabulary Read(GgufVocabulary gguf) =>
        BpeVocabulary.FromGguf(
            Utf8Strings.From(gguf.Tokens),
            Utf8Strings.From(gguf.Merges),
            gguf.TokenTypes,
            gguf.Model,
            gguf.PreTokenizer);

    private static string[] Strings(Utf8Strings strings) =>
        [.. Enumerable.Range(0, strings.Count).Select(index => Encoding.UTF8.GetString(strings[index]))];
}
