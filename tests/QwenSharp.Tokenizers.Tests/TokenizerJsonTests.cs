using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Tokenizers.Tests;

public class TokenizerJsonTests
{
    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen35 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void The_file_gives_the_vocabulary_it_was_written_from(bool mergesArePairs, bool isIndentedAndEscaped)
    {
        JsonObject file = MakeFile(mergesArePairs);
        JsonSerializerOptions options = isIndentedAndEscaped
            ? new() { WriteIndented = true }
            : new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        BpeTokenizer tokenizer = BpeTokenizer.Create(TokenizerJson.Read(Encoding.UTF8.GetBytes(file.ToJsonString(options))));

        Assert.Equal(TinyVocabulary.Tokenizer.VocabularySize, tokenizer.VocabularySize);
        Assert.Equal(TinyVocabulary.AddedTokens, tokenizer.AddedTokens);
        Random random = new(3);
        for (int i = 0; i < 300; i++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(TinyVocabulary.Tokenizer.Encode(text, TokenParsing.All), tokenizer.Encode(text, TokenParsing.All));
        }
    }

    [Fact]
    public void Options_are_honoured()
    {
        JsonObject file = MakeFile();
        file["normalizer"] = JsonNode.Parse("""{"type": "Sequence", "normalizers": [{"type": "NFC"}]}""");
        file["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = Qwen35;
        file["model"]!["ignore_merges"] = true;
        file["added_tokens"]![2]!["lstrip"] = true;
        BpeVocabulary vocabulary = Read(file);

        Assert.True(vocabulary.NormalizesToNfc);
        Assert.True(vocabulary.IgnoresMerges);
        Assert.Equal(PreTokenizerPattern.Qwen35, vocabulary.Pattern);
        Assert.True(vocabulary.AddedTokens[2].StripsLeft);
    }

    [Fact]
    public void Tokens_around_a_text_are_known_and_encoding_does_not_add_them()
    {
        JsonObject file = MakeFile();
        file["post_processor"] = JsonNode.Parse($$$"""
            {"type": "Sequence", "processors": [
              {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false},
              {"type": "TemplateProcessing",
               "single": [{"SpecialToken": {"id": "<|im_start|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<|im_end|>", "type_id": 0}}],
               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
               "special_tokens": {
                 "<|im_start|>": {"id": "<|im_start|>", "ids": [{{{TinyVocabulary.ImStart}}}], "tokens": ["<|im_start|>"]},
                 "<|im_end|>": {"id": "<|im_end|>", "ids": [{{{TinyVocabulary.ImEnd}}}], "tokens": ["<|im_end|>"]} } } ]}
            """);
        BpeVocabulary vocabulary = Read(file);
        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary);

        Assert.Equal([TinyVocabulary.ImStart], tokenizer.SequencePrefix);
        Assert.Equal([TinyVocabulary.ImEnd], tokenizer.SequenceSuffix);
        Assert.Equal(TinyVocabulary.Tokenizer.Encode("the cat"), tokenizer.Encode("the cat"));

        BpeVocabulary written = TokenizerJson.Read(TokenizerJson.Write(vocabulary));
        Assert.Equal(
            (vocabulary.SequencePrefix[0], vocabulary.SequenceSuffix[0]),
            (written.SequencePrefix.Single(), written.SequenceSuffix.Single()));
        Assert.Throws<TokenizerFormatException>(() => BpeTokenizer.Create(vocabulary with { SequenceSuffix = [tokenizer.VocabularySize] }));
    }

    [Fact]
    public void How_texts_were_batched_last_is_no_part_of_the_tokenizer()
    {
        JsonObject file = MakeFile();
        (file["truncation"], file["padding"]) = (
            JsonNode.Parse("""{"max_length": 5}"""),
            JsonNode.Parse("""{"strategy": "BatchLongest"}"""));

        Assert.Equal(
            TinyVocabulary.Tokenizer.Encode("the cat sat on the cat"),
            BpeTokenizer.Create(Read(file)).Encode("the cat sat on the cat"));
    }

    [Theory]
    [InlineData("normalizer", """{"type": "NFKC"}""")]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}""")]
    [InlineData("pre_tokenizer", """{"type": "Whitespace"}""")]
    [InlineData("pre_tokenizer", "null")]
    [InlineData("post_processor", """{"type": "TemplateProcessing"}""")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}], "special_tokens": {}}""")]
    [InlineData(
        "post_processor",
        """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}}"""
    )]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [], "special_tokens": {}}""")]
    [InlineData(
        "post_processor",
        """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "x"}}], "special_tokens": {}}"""
    )]
    [InlineData("post_processor", """{"type": "Sequence", "processors": [{"type": "BertProcessing"}]}""")]
    [InlineData("decoder", """{"type": "Metaspace"}""")]
    [InlineData("version", "\"2.0\"")]
    [InlineData("surprise", "1")]
    [InlineData("model", """{"type": "Unigram", "vocab": {}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "dropout": 0.5, "vocab": {}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "byte_fallback": true, "vocab": {}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "surprise": 1, "vocab": {}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "vocab": {}}""")]
    [InlineData("model", """{"type": "BPE", "vocab": [], "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 1, "b": 1}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 99999999}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": "x"}, "merges": []}""")]
    [InlineData("model", """{"type": "BPE", "vocab": {}, "merges": [["a"]]}""")]
    [InlineData("added_tokens", """[{"id": 1}]""")]
    public void What_is_not_supported_is_refused_by_name(string name, string value)
    {
        JsonObject file = MakeFile();
        file[name] = JsonNode.Parse(value);
        TokenizerFormatException error = Assert.Throws<TokenizerFormatException>(() => Read(file));
        Assert.Contains("tokenizer.json", error.Message);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("pre_tokenizer")]
    [InlineData("decoder")]
    public void A_part_that_must_be_there_is_asked_for(string name)
    {
        JsonObject file = MakeFile();
        file.Remove(name);
        Assert.Contains($"\"{name}\"", Assert.Throws<TokenizerFormatException>(() => Read(file)).Message);
    }

    [Fact]
    public void A_damaged_file_gives_a_tokenizer_or_one_clear_error()
    {
        byte[] good = Encoding.UTF8.GetBytes(MakeFile().ToJsonString());
        Random random = new(2026);
        int refused = 0;
        for (int i = 0; i < 2_000; i++)
        {
            byte[] damaged = random.Next(4) == 0 ? good[..random.Next(good.Length)] : [.. good];
            for (int changes = random.Next(1, 4); changes > 0 && damaged.Length > 0; changes--)
                damaged[random.Next(damaged.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:\\0 "[random.Next(10)];

            try
            {
                BpeTokenizer.Create(TokenizerJson.Read(damaged)).Encode("the cat <think>", TokenParsing.All);
            }
            catch (TokenizerFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 2_000);
    }

    private static BpeVocabulary Read(JsonObject file) => TokenizerJson.Read(Encoding.UTF8.GetBytes(file.ToJsonString()));

    private static JsonObject MakeFile(bool mergesArePairs = true)
    {
        JsonObject vocabulary = [];
        foreach ((string token, int id) in TinyVocabulary.Tokens().Select((token, id) => (token, id)))
            vocabulary[token] = id;

        JsonArray merges = [.. TinyVocabulary.Merges.Select(merge => mergesArePairs
            ? new JsonArray(merge.Left, merge.Right)
            : (JsonNode)JsonValue.Create($"{merge.Left} {merge.Right}"))];
        JsonArray added = [.. TinyVocabulary.AddedTokens.Select(token => new JsonObject
        {
            ["id"] = token.Id,
            ["content"] = token.Content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = token.IsControl,
        })];

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = JsonNode
                .Parse(
                    """
                    {"type": "Sequence", "pretokenizers": [
                      {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false},
                      {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}]}
                    """
                )!
                .WithPattern(Qwen2),
            ["post_processor"] = JsonNode.Parse(
                """{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}"""
            ),
            ["decoder"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}"""),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = "",
                ["end_of_word_suffix"] = "",
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = merges,
            },
        };
    }
}

file static class PatternInJson
{
    public static JsonNode WithPattern(this JsonNode preTokenizer, string pattern)
    {
        preTokenizer["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern;
        return preTokenizer;
    }
}
