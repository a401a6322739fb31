using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace QwenSharp.Grammars.Tests;

/// <summary>Expressions, choices, GBNF and what is made of them; hostile input.</summary>
public sealed class GrammarTests
{
    private const string Calculator = """
        # sums, as llama.cpp's example has them
        root  ::= (expr "=" ws term "\n")+
        expr  ::= term ([-+*/] term)*
        term  ::= ident | num |
                  "(" ws expr ")" ws
        ident ::= [a-z] [a-z0-9_]* ws
        num   ::= [0-9]+ ws
        ws    ::= [ \t]*
        """;

    [Theory]
    [InlineData("^(ab|c)*d?$")]
    [InlineData("a{2,4}b+?")]
    [InlineData("^[^a-c]+$")]
    [InlineData("(a|b)*abb")]
    [InlineData("^(?:a|ab)(?:c|bcd)$")]
    [InlineData("^(?!ab)[a-d]+$")]
    [InlineData("^(?=.*d)(?=.*a).{2,5}$")]
    [InlineData("^a|b$|^$")]
    [InlineData("\\d+|[\\w-]b|\\s")]
    [InlineData("a.c")]
    [InlineData("^a+[-b]\\b[ab-]*$")]
    [InlineData("^\\b[a-]b\\B.")]
    [InlineData("a\\b")]
    public void A_pattern_is_found_where_dotnet_finds_it(string pattern)
    {
        Grammar grammar = SmallVocabulary.Schema($$"""{"type": "string", "pattern": {{JsonSerializer.Serialize(pattern)}}}""");
        Random random = new(5);
        for (int i = 0; i < 2_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(7)).Select(_ => "abcd-1 "[random.Next(7)])]);
            bool found = Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant);
            Assert.True(found == SmallVocabulary.Accepts(grammar, JsonSerializer.Serialize(text)), $"{pattern} in {text}");
        }
    }

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("[\\ud800-\\udfff]")]
    [InlineData("a[^\\u0000-\\ud7ff\\ue000-\\u{10ffff}]")]
    [InlineData("(?![\\u0000-\\ud7ff\\ue000-\\u{10ffff}]).")]
    public void Half_of_a_surrogate_pair_is_no_text(string pattern) =>
        Assert.Throws<GrammarException>(() => Grammar.FromRegex(pattern));

    [Theory]
    [InlineData("true", "any\nthing", true)]
    [InlineData("""{"type": "string"}""", "", true)]
    [InlineData("""{"type": "string"}""", "</p", true)]
    [InlineData("""{"type": "string"}""", "a</p>b", false)]
    [InlineData("""{"type": "string", "maxLength": 2}""", "名名", true)]
    [InlineData("""{"type": "string", "maxLength": 2}""", "abc", false)]
    [InlineData("""{"type": "string", "minLength": 3}""", "ab", false)]
    [InlineData("""{"type": "string", "minLength": 3, "pattern": "^a"}""", "abc", true)]
    [InlineData("""{"type": "string", "minLength": 3, "pattern": "^a"}""", "bbc", false)]
    [InlineData("""{"enum": ["a", "x</p>y", 1]}""", "a", true)]
    [InlineData("""{"enum": ["a", "x</p>y", 1]}""", "x</p>y", false)]
    [InlineData("""{"enum": ["a", "x</p>y", 1]}""", "1", false)]
    public void Text_without_quotes_goes_up_to_what_ends_it(string schema, string text, bool isTaken)
    {
        Grammar grammar = Grammar.TextOfJsonSchema(JsonElement.Parse(schema), "</p>");

        Assert.Equal(isTaken, SmallVocabulary.Accepts(grammar, text + "</p>"));
        Assert.False(SmallVocabulary.Accepts(grammar, text));
    }

    [Fact]
    public void A_schema_that_takes_no_text_is_refused() =>
        Assert.Throws<GrammarException>(() => Grammar.TextOfJsonSchema(JsonElement.Parse("""{"type": "integer"}"""), "\n"));

    [Fact]
    public void A_pattern_that_takes_too_much_work_is_refused_in_bounded_time()
    {
        string branches = string.Join(',', Enumerable.Range(0, 24).Select(i => $$"""{"pattern": ".*{{(char)('a' + i)}}.{{{i + 3}}}"}"""));
        GrammarException refused = Assert.Throws<GrammarException>(() => SmallVocabulary.Accepts(
            SmallVocabulary.Schema($$"""{"type": "string", "oneOf": [{{branches}}]}"""), "\"the quick brown fox jumps\""));
        Assert.Equal("pattern", refused.Keyword);
    }

    [Fact]
    public void Numbers_in_bounds_are_those_that_arithmetic_finds()
    {
        Random random = new(11);
        for (int round = 0; round < 150; round++)
        {
            decimal low = random.Next(-2000, 2000) / 100m;
            decimal high = low + (random.Next(0, 3000) / 100m);
            decimal step = random.Next(1, 40) / (random.Next(2) == 0 ? 1m : 10m);
            Grammar grammar;
            try
            {
                grammar = SmallVocabulary.Schema(string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"type": "number", "minimum": {{low}}, "exclusiveMaximum": {{high}}, "multipleOf": {{step}}}"""));
            }
            catch (GrammarException none)
            {
                // No multiple lies between the bounds.
                Assert.Equal("schema", none.Keyword);
                Assert.False(Math.Ceiling(low / step) * step < high);
                continue;
            }

            for (int i = 0; i < 60; i++)
            {
                decimal value = random.Next(2) == 0 ? Math.Round(low / step) * step + (random.Next(5) * step) : random.Next(-3000, 3000) / 100m;
                bool isValid = value >= low && value < high && decimal.Remainder(value, step) == 0;
                Assert.Equal(isValid, SmallVocabulary.Accepts(grammar, value.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    [Theory]
    [InlineData("a=b\n", true)]
    [InlineData("(a +12)*b_1 = 3\nx=1\n", true)]
    [InlineData("((1))=(2)\n", true)]
    [InlineData("a=b", false)]
    [InlineData("(a=b\n", false)]
    [InlineData("", false)]
    public void Gbnf_is_read_as_llama_cpp_reads_it(string text, bool accepted) =>
        Assert.Equal(accepted, SmallVocabulary.Accepts(Grammar.FromGbnf(Calculator), text));

    [Theory]
    [InlineData("root ::= \"a\"{2,3} \"\\x41\" [^a-c\\]]? .", "aaAé名", true)]
    [InlineData("root ::= \"a\"{2,3} \"\\x41\" [^a-c\\]]? .", "aaAa]", false)]
    [InlineData("root ::= list\nlist ::= item (\",\" list)?\nitem ::= [0-9] | \"[\" list \"]\"", "1,[2,[3]],4", true)]
    [InlineData("root ::= list\nlist ::= item (\",\" list)?\nitem ::= [0-9] | \"[\" list \"]\"", "1,[2,[3],4", false)]
    [InlineData("root ::= (\"a\"? \"b\"?)* \"c\"", "abbac", true)]
    [InlineData("root ::= x\nx ::= \"(\" x \")\" | \"\"", "((()))", true)]
    [InlineData("root ::= x\nx ::= \"(\" x \")\" | \"\"", "(()", false)]
    public void Gbnf_repeats_and_recurs(string grammar, string text, bool accepted) =>
        Assert.Equal(accepted, SmallVocabulary.Accepts(Grammar.FromGbnf(grammar), text));

    [Theory]
    [InlineData("a ::= \"x\"")]
    [InlineData("root ::= root \"a\" | \"b\"")]
    [InlineData("root ::= x root\nx ::= \"a\"?")]
    [InlineData("root ::= \"a\" absent")]
    [InlineData("root ::= \"a")]
    [InlineData("root = \"a\"")]
    [InlineData("root ::= [b-a]")]
    [InlineData("root ::= \"a\" root")]
    [InlineData("root ::= \"a\"{9999999}")]
    public void Gbnf_that_is_none_is_refused(string grammar) => Assert.Throws<GrammarException>(() => Grammar.FromGbnf(grammar));

    [Fact]
    public void Calls_of_tools_are_made_of_parts()
    {
        Grammar arguments = SmallVocabulary.Schema("""{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}""");
        Grammar call = Grammar.Sequence(
            Grammar.Literal("\n{\"name\": \"weather\", \"arguments\": "),
            arguments,
            Grammar.Literal("}\n</tool_call>"));
        Grammar reply = Grammar.Choice(
            Grammar.TextWithout("<tool_call>"),
            Grammar.Sequence(
                Grammar.TextUntil("<tool_call>"),
                call,
                Grammar.Repeat(Grammar.Sequence(Grammar.Literal("\n<tool_call>"), call))));
        const string One = "\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>";
        Assert.True(SmallVocabulary.Accepts(reply, "It is 1 < 2."));
        Assert.True(SmallVocabulary.Accepts(reply, ""));
        Assert.True(SmallVocabulary.Accepts(reply, "Let me see <tool <<tool_call>" + One + "\n<tool_call>" + One));
        Assert.False(SmallVocabulary.Accepts(reply, "<tool_call>" + One + "x"));
        Assert.False(SmallVocabulary.Accepts(reply, "<tool_call>\n{\"name\": \"other\""));
        Assert.False(SmallVocabulary.Accepts(reply, "<tool_call>\n{\"name\": \"weather\", \"arguments\": {}}"));
        Grammar parameter = Grammar.Sequence(Grammar.Literal("<parameter=q>\n"), Grammar.TextUntil("\n</parameter>"), Grammar.Literal("\n"));
        Assert.True(SmallVocabulary.Accepts(parameter, "<parameter=q>\na\n\n</para\n</parameter>\n"));
        Assert.False(SmallVocabulary.Accepts(parameter, "<parameter=q>\na\n</parameter>\n</parameter>\n"));
    }

    [Fact]
    public void Schema_bombs_end_soon()
    {
        string nested = string.Concat(Enumerable.Repeat("""{"properties":{"a":""", 5_000)) + "1" + new string('}', 10_000);
        Assert.ThrowsAny<JsonException>(() => SmallVocabulary.Schema(nested));
        string branches = string.Join(',', Enumerable.Range(0, 14).Select(i => $$"""{"anyOf": [{"required": ["a{{i}}"]}, {"required": ["b{{i}}"]}, {"required": ["c{{i}}"]}]}"""));
        Assert.Throws<GrammarException>(() => SmallVocabulary.Schema($$"""{"type": "object", "allOf": [{{branches}}]}"""));
        string chain = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $$""" "d{{i}}": {"$ref": "#/$defs/d{{i + 1}}"} """));
        Assert.Throws<GrammarException>(() => SmallVocabulary.Schema($$"""{"$ref": "#/$defs/d0", "$defs": { {{chain}}, "d1000": true} }"""));
        string doubling = string.Join(
            ',',
            Enumerable.Range(0, 30).Select(i => $$""" "d{{i}}": {"allOf": [{"$ref": "#/$defs/d{{i + 1}}"}, {"$ref": "#/$defs/d{{i + 1}}"}]} """));
        SmallVocabulary.Schema($$"""{"$ref": "#/$defs/d0", "$defs": { {{doubling}}, "d30": {"type": "null"} } }""");
        string many = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"value {i}\""));
        Assert.True(SmallVocabulary.Accepts(SmallVocabulary.Schema($$"""{"enum": [{{many}}]}"""), "\"value 19999\""));
    }

    [Fact]
    public void Any_text_as_a_schema_is_compiled_or_refused()
    {
        string[] pieces =
        [
            "\"type\"", "\"object\"", "\"properties\"", "{", "}", "[", "]", ":", ",", "\"a\"", "1", "-0.5", "null", "true", "\"items\"",
            "\"enum\"", "\"not\"", "\"anyOf\"", "\"oneOf\"", "\"$ref\"", "\"#\"", "\"#/properties/a\"", "\"pattern\"", "\"(\"", "\"^a*$\"", "\"required\"",
            "\"contains\"", "\"if\"", "\"then\"", "\"additionalProperties\"", "\"patternProperties\"", "\"minimum\"", "\"minItems\"",
        ];
        Random random = new(3);
        int compiled = 0;
        for (int i = 0; i < 3_000; i++)
        {
            string schema = Random(random, pieces, 4);
            try
            {
                SmallVocabulary.Schema(schema);
                compiled++;
            }
            catch (GrammarException)
            {
            }
        }

        Assert.True(compiled > 100);
    }

    private static string Random(Random random, string[] pieces, int depth)
    {
        StringBuilder text = new("{");
        int members = random.Next(1, 4);
        for (int i = 0; i < members; i++)
        {
            string[] words = [.. pieces.Where(piece => piece[0] == '"')];
            text.Append(i > 0 ? "," : "").Append(words[random.Next(words.Length)]).Append(':');
            text.Append(random.Next(5) switch
            {
                0 or 1 when depth > 0 => Random(random, pieces, depth - 1),
                2 when depth > 0 => $"[{Random(random, pieces, depth - 1)},{Random(random, pieces, depth - 1)}]",
                3 => random.Next(-2, 5).ToString(CultureInfo.InvariantCulture),
                _ => words[random.Next(words.Length)],
            });
        }

        return text.Append('}').ToString();
    }
}
