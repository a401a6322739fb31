using System.Text;
using System.Text.Json;

namespace QwenSharp.Grammars.Tests;

/// <summary>Masks: the same as trying every token, and every way through them ends in what the grammar means.</summary>
public sealed class MaskTests
{
    public static TheoryData<string> Schemas() =>
    [
        "true",
        """{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string", "maxLength": 3}, "ab": {}}, "required": ["a"]}""",
        """{"type": "object", "properties": {"a": {"enum": ["x", "xx", 1, 100, null]}, "abc": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}}, "additionalProperties": false}""",
        """{"type": "string", "pattern": "^(ab|abc|é|名)+x?$", "minLength": 2, "maxLength": 6}""",
        """{"type": "object", "patternProperties": {"^a": {"type": "integer", "minimum": -3, "maximum": 120}}, "propertyNames": {"maxLength": 4}, "maxProperties": 3}""",
        """{"oneOf": [{"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}}, {"type": "object", "required": ["b"]}]}""",
        """{"type": "array", "contains": {"const": 10}, "items": {"type": "integer"}, "maxItems": 4}""",
        """{"type": "string", "maxLength": 2}""",
        """{"type": "string", "minLength": 3}""",
        """{"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 0}""",
        """{"type": "object", "additionalProperties": {"type": "string", "format": "date"}}""",
        """{"$defs": {"n": {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}, "é": {"type": "null"}}, "minProperties": 1}}, "$ref": "#/$defs/n"}""",
        """{"type": "array", "uniqueItems": true, "items": {"type": "string", "maxLength": 2}, "maxItems": 6}""",
        """{"type": "array", "uniqueItems": true, "items": {"enum": ["a", "ab", "abc", "x", null, true]}, "minItems": 3}""",
        """{"not": {"enum": ["ab", "abc", 10]}, "type": ["string", "integer"]}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_mask_is_what_trying_every_token_finds(string schema) => IsWhatTryingFinds(SmallVocabulary.Schema(schema));

    [Theory]
    [InlineData("true")]
    [InlineData("""{"type": "string", "maxLength": 5}""")]
    [InlineData("""{"type": "string", "minLength": 2, "maxLength": 30}""")]
    [InlineData("""{"type": "string", "pattern": "^[ab\"}]+$", "maxLength": 6}""")]
    [InlineData("""{"enum": ["ab", "a\"", "a\"}", "名", 7]}""")]
    public void The_masks_of_text_without_quotes_too(string schema) =>
        IsWhatTryingFinds(Grammar.TextOfJsonSchema(JsonElement.Parse(schema), "\"}"));

    private static void IsWhatTryingFinds(Grammar grammar)
    {
        TokenVocabulary vocabulary = SmallVocabulary.Instance;
        uint[] mask = new uint[vocabulary.MaskLength + 1];
        Random random = new(17);
        for (int round = 0; round < 25; round++)
        {
            GrammarMatcher matcher = new(grammar, vocabulary, SmallVocabulary.End);
            for (int step = 0; step < 25 && !matcher.IsFinished; step++)
            {
                matcher.FillMask(mask);
                for (int token = 0; token <= vocabulary.Size; token++)
                    Assert.Equal(matcher.Clone().TryAdvance(token), SmallVocabulary.Has(mask, token));
                List<int> allowed = SmallVocabulary.Tokens(mask);
                Assert.NotEmpty(allowed);
                Assert.True(matcher.TryAdvance(allowed[random.Next(allowed.Count)]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Any_way_through_the_masks_is_valid(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        Grammar grammar = Grammar.FromJsonSchema(document.RootElement);
        TokenVocabulary vocabulary = SmallVocabulary.Instance;
        uint[] mask = new uint[vocabulary.MaskLength + 1];
        int ended = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            GrammarMatcher matcher = new(grammar, vocabulary, SmallVocabulary.End);
            List<byte> text = [];
            for (int step = 0; step < 400 && !matcher.IsFinished; step++)
            {
                matcher.FillMask(mask);
                List<int> allowed = SmallVocabulary.Tokens(mask);
                Assert.NotEmpty(allowed);
                // After a while, what closes is preferred, so that texts end.
                int[] closing = [.. allowed.Where(token => token == SmallVocabulary.End || token is '"' or '}' or ']' or ',' or ':' or '0')];
                int chosen = step > 25 && closing.Length > 0 && random.Next(4) > 0
                    ? closing.Contains(SmallVocabulary.End) ? SmallVocabulary.End : closing[random.Next(closing.Length)]
                    : allowed[random.Next(allowed.Count)];
                Assert.True(matcher.TryAdvance(chosen));
                if (chosen != SmallVocabulary.End)
                    text.AddRange(Bytes(chosen));
            }

            if (!matcher.IsFinished)
                continue;
            ended++;
            string said = Encoding.UTF8.GetString([.. text]);
            using JsonDocument value = JsonDocument.Parse(said, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Assert.True(new SimpleValidator(document.RootElement).IsValid(value.RootElement), said);
        }

        Assert.True(ended > 2, $"Only {ended} texts ended.");
    }

    [Fact]
    public void A_mask_is_made_without_allocation_where_the_text_goes_on()
    {
        Grammar grammar = SmallVocabulary.Schema("""{"type": "object", "properties": {"a": {"type": "string"}}}""");
        uint[] mask = new uint[SmallVocabulary.Instance.MaskLength];
        GrammarMatcher matcher = new(grammar, SmallVocabulary.Instance);
        Assert.True(matcher.TryAdvance("{\"a\":\"x"u8));
        matcher.FillMask(mask);
        for (int i = 0; i < 5; i++)
            matcher.TryAdvance((int)'y');
        Assert.Equal(0, QwenSharp.Tests.Allocations.Least(() =>
        {
            matcher.FillMask(mask);
            matcher.TryAdvance((int)'y');
        }));
    }

    [Fact]
    public void End_tokens_are_allowed_where_the_grammar_may_end_and_nowhere_else()
    {
        Grammar grammar = Grammar.FromRegex("a{2,3}");
        uint[] mask = new uint[SmallVocabulary.Instance.MaskLength + 1];
        GrammarMatcher matcher = new(grammar, SmallVocabulary.Instance, SmallVocabulary.End);
        Assert.False(matcher.TryAdvance(SmallVocabulary.End));
        Assert.True(matcher.TryAdvance("aa"u8));
        matcher.FillMask(mask);
        Assert.Equal(['a', SmallVocabulary.End], SmallVocabulary.Tokens(mask));
        GrammarMatcher other = matcher.Clone();
        Assert.True(matcher.TryAdvance(SmallVocabulary.End));
        Assert.True(matcher.IsFinished);
        matcher.FillMask(mask);
        Assert.Empty(SmallVocabulary.Tokens(mask));
        Assert.True(other.TryAdvance("a"u8));
        Assert.True(other.IsComplete);
    }

    [Fact]
    public void Forced_text_is_told()
    {
        Grammar grammar = SmallVocabulary.Schema("""{"enum": ["abcabc", "abcx"]}""");
        GrammarMatcher matcher = new(grammar, SmallVocabulary.Instance);
        List<byte> bytes = [];
        Assert.True(matcher.TryForced(bytes));
        // A letter may be written as an escape, so nothing is forced behind the quotation mark.
        Assert.Equal("\"", Encoding.UTF8.GetString([.. bytes]));
        GrammarMatcher choice = new(Grammar.FromChoices(["abcabcd", "abcabcx"]), SmallVocabulary.Instance);
        List<int> tokens = [];
        Assert.True(choice.TryForcedTokens(tokens));
        Assert.Equal("abcabc", string.Concat(tokens.Select(token => Encoding.UTF8.GetString(Bytes(token)))));
    }

    private static byte[] Bytes(int token)
    {
        // The vocabulary is its own witness: the bytes of a token are those that alone lead where it leads.
        return SmallVocabulary.Instance.Bytes(token).ToArray();
    }
}
