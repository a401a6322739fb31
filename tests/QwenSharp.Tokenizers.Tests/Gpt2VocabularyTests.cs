using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QwenSharp.Tokenizers.Tests;

public class Gpt2VocabularyTests
{
    private static readonly string Merges =
        "#version: 0.2\n" + string.Join('\n', TinyVocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}")) + "\n";

    [Fact]
    public void Texts_become_the_tokens_that_a_tokenizer_json_gives()
    {
        BpeTokenizer read = BpeTokenizer.Create(Read(Tokens(), Merges)),
            made = BpeTokenizer.Create(TinyVocabulary.Vocabulary with { NormalizesToNfc = true });
        Random random = new(6);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText.Next(random);
            Assert.Equal(made.Encode(text), read.Encode(text));
        }
    }

    [Theory]
    [InlineData("[]", null, "vocab.json does not have the form")]
    [InlineData("{\"a\": \"b\"}", null, "vocab.json does not have the form")]
    [InlineData("{\"a\": 0.5}", null, "vocab.json does not have the form")]
    [InlineData("{\"a\": ", null, "vocab.json does not have the form")]
    [InlineData("{\"a\": 99999999}", null, "the id 99999999")]
    [InlineData("{\"a\": -1}", null, "the id -1")]
    [InlineData("{\"a\": 1, \"b\": 1}", null, "the id 1 to two tokens")]
    [InlineData(null, "a b\nabc\n", "merges.txt is wrong in line 2")]
    [InlineData(null, "a b c", "merges.txt is wrong in line 1")]
    [InlineData(null, " b", "merges.txt is wrong in line 1")]
    public void What_is_something_else_is_refused(string? vocabulary, string? merges, string reason) =>
        Assert.Contains(
            reason,
            Assert.Throws<TokenizerFormatException>(() => Read(vocabulary ?? Tokens(), merges ?? Merges)).Message,
            StringComparison.Ordinal);

    private static string Tokens() =>
        new JsonObject(TinyVocabulary.Tokens().Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))).ToJsonString(
            new JsonSerializerOptions());

    private static BpeVocabulary Read(string vocabulary, string merges) =>
        Gpt2Vocabulary.Read(Encoding.UTF8.GetBytes(vocabulary), Encoding.UTF8.GetBytes(merges), TinyVocabulary.AddedTokens);
}
