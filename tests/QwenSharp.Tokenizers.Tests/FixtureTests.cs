using System.Text.Json;
using QwenSharp.Tests;

namespace QwenSharp.Tokenizers.Tests;

/// <summary>The published vocabularies, against the ids that llama.cpp and Hugging Face's library give.</summary>
public class FixtureTests
{
    [Theory]
    [InlineData("ggml-vocab-qwen2.gguf", PreTokenizerPattern.Qwen2)]
    [InlineData("ggml-vocab-qwen35.gguf", PreTokenizerPattern.Qwen35)]
    public void Agrees_with_llama_cpp(string file, PreTokenizerPattern pattern)
    {
        string path = Fixtures.Require("tokenizers", file);
        BpeVocabulary vocabulary = GgufFixture.Read(path);

        // llama.cpp does not normalize; with that left out the ids are its own. The model was trained on form C, where both agree.
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary with { NormalizesToNfc = false }),
            normalizing = BpeTokenizer.Create(vocabulary);
        string[] texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllText(path + ".out").Split('\n');

        Assert.Equal(pattern, vocabulary.Pattern);
        Assert.Equal(151936, tokenizer.VocabularySize);
        Assert.Equal(expected.Length, texts.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.Equal(expected[i].Trim(), string.Join(' ', tokenizer.Encode(texts[i])));
            Assert.Equal(texts[i], tokenizer.Decode(tokenizer.Encode(texts[i])));
            if (texts[i].IsNormalized())
                Assert.Equal(tokenizer.Encode(texts[i]), normalizing.Encode(texts[i]));
        }
    }

    [Fact]
    public void Agrees_with_Hugging_Face()
    {
        BpeTokenizer tokenizer = BpeTokenizer.FromTokenizerJson(Fixtures.Require("tokenizers", "tokenizer.json"));
        string[] rows = File.ReadAllLines(Fixtures.Require("tokenizers", "qwen3.encodings.jsonl"));

        Assert.Equal(500, rows.Length);
        foreach (string row in rows)
        {
            using JsonDocument json = JsonDocument.Parse(row);
            string text = json.RootElement.GetProperty("text").GetString()!;
            string expected = string.Join(' ', json.RootElement.GetProperty("ids").EnumerateArray());
            Assert.Equal(expected, string.Join(' ', tokenizer.Encode(text, TokenParsing.All)));
            // A composition across the end of an added token is left to the comparison, as the text between tokens is normalized by itself.
            Assert.Equal(text.Normalize(), tokenizer.Decode(tokenizer.Encode(text, TokenParsing.All)).Normalize());
        }
    }

    [Fact]
    public void The_same_vocabulary_from_both_files_gives_the_same_ids()
    {
        BpeTokenizer gguf = BpeTokenizer.Create(GgufFixture.Read(Fixtures.Require("tokenizers", "ggml-vocab-qwen2.gguf")));
        BpeTokenizer json = BpeTokenizer.FromTokenizerJson(Fixtures.Require("tokenizers", "tokenizer.json"));
        string text = File.ReadAllText(Fixtures.Require("README.md"));

        Assert.Equal(gguf.Encode(text), json.Encode(text));

        // Decomposed: as file names of macOS have it, and Korean in jamo.
        Assert.Equal([34, 2577, 963, 126804], json.Encode("Cafe\u0301 \u1100\u1161\u11a8"));
        Assert.Equal(json.Encode("Cafe\u0301 \u1100\u1161\u11a8"), gguf.Encode("Cafe\u0301 \u1100\u1161\u11a8"));
        foreach (AddedToken token in json.AddedTokens.Where(token => gguf.AddedTokens.Any(other => other.Content == token.Content)))
            Assert.Equal(token.IsControl, gguf.AddedTokens.Single(other => other.Content == token.Content).IsControl);

        Assert.True(json.TryGetId("<think>", out int think) && !json.IsControl(think));
        Assert.True(json.TryGetId("<|im_start|>", out int start) && json.IsControl(start));
    }
}
