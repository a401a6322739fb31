using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using QwenSharp.Tests;
using QwenSharp.Tokenizers;

namespace QwenSharp.Grammars.Tests;

/// <summary>Real schemas with instances, and the official test suite, through the masks of a real vocabulary.</summary>
public sealed class FixtureTests
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Real_schemas_pass_and_no_invalid_instance_is_accepted()
    {
        string file = Fixtures.Require("json-schema", "maskbench-sample.jsonl");
        Score score = new(Fixtures.Require("tokenizers", "tokenizer.json"));
        foreach (string line in File.ReadLines(file))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            score.Add(document.RootElement, document.RootElement.GetProperty("name").GetString()!);
        }

        Assert.Empty(score.InvalidAccepted);
        Assert.True(score.Passed >= 296, $"{score.Passed} passed.");
    }

    [Fact]
    public void The_official_suite_passes_where_schemas_can_be_enforced()
    {
        string folder = Fixtures.Require("json-schema", "test-suite-2020-12");
        Score score = new(Fixtures.Require("tokenizers", "tokenizer.json"));
        foreach (string file in Directory.GetFiles(folder, "*.json").Order())
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (JsonElement group in document.RootElement.EnumerateArray())
                score.Add(group, $"{Path.GetFileName(file)}: {group.GetProperty("description")}");
        }

        Assert.Empty(score.InvalidAccepted);
        Assert.True(score.Passed >= 311, $"{score.Passed} passed.");
    }

    private sealed class Score
    {
        private readonly BpeTokenizer _tokenizer;
        private readonly TokenVocabulary _vocabulary;
        private readonly uint[] _mask;

        public Score(string tokenizer)
        {
            _tokenizer = BpeTokenizer.FromTokenizerJson(tokenizer);
            _vocabulary = TokenVocabulary.Of(_tokenizer);
            _mask = new uint[_vocabulary.MaskLength];
        }

        public int Passed { get; private set; }

        public List<string> InvalidAccepted { get; } = [];

        public void Add(JsonElement entry, string name)
        {
            Grammar grammar;
            try
            {
                grammar = Grammar.FromJsonSchema(entry.GetProperty("schema"));
            }
            catch (GrammarException)
            {
                return;
            }

            bool isPassed = true;
            foreach (JsonElement test in entry.GetProperty("tests").EnumerateArray())
            {
                bool isValid = test.GetProperty("valid").GetBoolean();
                using MemoryStream text = new();
                using (Utf8JsonWriter writer = new(text, Plain))
                    test.GetProperty("data").WriteTo(writer);
                bool isAccepted = Accepts(grammar, text.ToArray());
                isPassed &= isAccepted == isValid;
                if (isAccepted && !isValid)
                    InvalidAccepted.Add($"{name}: {Encoding.UTF8.GetString(text.ToArray())}");
            }

            Passed += isPassed ? 1 : 0;
        }

        private bool Accepts(Grammar grammar, byte[] text)
        {
            GrammarMatcher matcher = new(grammar, _vocabulary);
            List<int> tokens = [];
            _tokenizer.EncodeBytes(text, tokens);
            foreach (int token in tokens)
            {
                matcher.FillMask(_mask);
                bool isAllowed = SmallVocabulary.Has(_mask, token);
                Assert.Equal(isAllowed, matcher.TryAdvance(token));
                if (!isAllowed)
                    return false;
            }

            return matcher.IsAccepting;
        }
    }
}
