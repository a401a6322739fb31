using System.Text;
using System.Text.Json;

namespace QwenSharp.Grammars.Tests;

/// <summary>The processor's time is the process's: nothing else is to take any meanwhile.</summary>
[CollectionDefinition(nameof(BombTests), DisableParallelization = true)]
public sealed class BombCollection;

/// <summary>What is large, or grows when it is read, is compiled or refused in bounded time and memory.</summary>
[Collection(nameof(BombTests))]
public class BombTests
{
    // Of the processor. Most take less than a half second on a machine that is idle, all less than two; what is not bounded takes minutes.
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(15);
    private const long MostBytes = 1L << 30;

    public static TheoryData<string, bool> Schemas => new()
    {
        { "required", false },
        { "required of 10,000", true },
        { "required among properties", true },
        { "properties", false },
        { "many objects", true },
        { "enum of texts", true },
        { "enum of numbers", false },
        { "enum of objects", false },
        { "anyOf of constants", false },
        { "anyOf of objects", false },
        { "oneOf", false },
        { "anyOf of 1,000 constants", true },
        { "oneOf of 1,000 constants", true },
        { "anyOf of 1,000 patterns", false },
        { "allOf", false },
        { "allOf of properties", false },
        { "dependentRequired of one", true },
        { "dependentRequired chain", true },
        { "dependentRequired of all", false },
        { "dependentSchemas", false },
        { "chain of $ref", false },
        { "many $ref", true },
        { "nested anyOf", false },
        { "not required", false },
        { "prefixItems", false },
        { "patternProperties", false },
        { "anyOf of patterns", false },
        { "long pattern", false },
        { "bounded length", true },
        { "multipleOf", false },
    };

    public static TheoryData<string> Patterns => new(
        "(a{1,1000}){1,1000}",
        "((a{1,100}){1,100}){1,100}",
        "(a|b){1,1000}c{1,1000}d{1,1000}",
        "(a*)*(a*)*(a*)*b",
        "(.*a){1000}",
        "(?:a?){1000}a{1000}",
        ".*a.{1000}",
        ".*(a|b).{30}c.{30}",
        "[\\s\\S]{0,10000}x[\\s\\S]{0,10000}");

    public static TheoryData<string> Gbnf => new(
        "root ::= root",
        "root ::= root root | \"a\"",
        "root ::= a\na ::= b\nb ::= a",
        "root ::= (\"a\" (\"b\" (\"c\"){1,1000}){1,1000}){1,1000}",
        "root ::= x x x x x x x x x x x x x x x x x x x x x x x x\nx ::= \"a\" | \"a\" x | x? \"b\"",
        "root ::= \"(\" root \")\" | root? \"a\"");

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Schemas_are_compiled_or_refused_in_bounded_time(string name, bool compiles)
    {
        string text = SchemaOf(name);
        JsonElement schema = JsonElement.Parse(text);
        string? refused = Bounded(() => Grammar.FromJsonSchema(schema));
        if (compiles)
            Assert.Null(refused);
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Patterns_are_compiled_or_refused_in_bounded_time(string pattern) => Bounded(() => Grammar.FromRegex(pattern));

    [Theory]
    [MemberData(nameof(Gbnf))]
    public void Rules_are_compiled_or_refused_in_bounded_time(string rules) => Bounded(() => Grammar.FromGbnf(rules));

    [Fact]
    public void Many_rules_and_long_chains_of_them_too()
    {
        StringBuilder chain = new("root ::= r0\n");
        for (int i = 0; i < 10_000; i++)
            chain.Append($"r{i} ::= \"a\" r{i + 1}\n");

        chain.Append("r10000 ::= \"b\"\n");
        Bounded(() => Grammar.FromGbnf(chain.ToString()));
        string direct = string.Join('\n', Enumerable.Range(0, 10_000).Select(i => $"r{i} ::= r{i + 1}"));
        Bounded(() => Grammar.FromGbnf($"root ::= r0\n{direct}\nr10000 ::= \"b\""));
        string empty = string.Join('\n', Enumerable.Range(0, 50_000).Select(i => $"r{i} ::= r{i + 1}"));
        Bounded(() => Grammar.FromGbnf($"root ::= r0\n{empty}\nr50000 ::= \"\""));
        Bounded(() => Grammar.FromGbnf($"root ::= {string.Concat(Enumerable.Repeat("\"a\" ", 100_000))}"));
        Bounded(() => Grammar.FromGbnf($"root ::= {string.Join(" | ", Enumerable.Range(0, 50_000).Select(i => $"\"w{i}\""))}"));
        Bounded(() => Grammar.FromChoices([.. Enumerable.Range(0, 100_000).Select(i => $"choice {i}")]));
    }

    /// <summary>Compiles, and begins to follow; what refuses it, where anything does.</summary>
    private static string? Bounded(Func<Grammar> compile)
    {
        TimeSpan began = Environment.CpuUsage.TotalTime;
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? refused = null;
        try
        {
            GrammarMatcher matcher = new(compile(), SmallVocabulary.Instance, SmallVocabulary.End);
            uint[] mask = new uint[SmallVocabulary.Instance.MaskLength];
            matcher.FillMask(mask);
            for (int i = 0; i < 100 && matcher.TryAdvance("a"u8); i++)
                matcher.FillMask(mask);
        }
        catch (GrammarException fault)
        {
            refused = fault.Message;
        }

        TimeSpan took = Environment.CpuUsage.TotalTime - began;
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{took.TotalMilliseconds:0} ms, {bytes >> 20} MiB, {refused}");
        Assert.True(took < Most, $"{took} for {refused ?? "a grammar"}");
        Assert.True(bytes < MostBytes, $"{bytes >> 20} MiB for {refused ?? "a grammar"}");
        return refused;
    }

    private static string SchemaOf(string name)
    {
        string Many(int count, Func<int, string> item) => string.Join(',', Enumerable.Range(0, count).Select(item));
        return name switch
        {
            "required" => $$"""{"type":"object","required":[{{Many(100_000, i => $"\"n{i}\"")}}]}""",
            "required of 10,000" => $$"""{"type":"object","required":[{{Many(10_000, i => $"\"n{i}\"")}}]}""",
            "many objects" => $$"""
                {"type":"array","prefixItems":[{{Many(18, j => $$$"""{"properties":{ {{{Many(5_000, i => $"\"n{j}{i}\":true")}}} } }""")}}]}
                """,
            "required among properties" => $$"""
                {"type":"object","properties":{ {{Many(10_000, i => $"\"n{i}\":{{\"type\":\"string\"}}")}} },
                "required":[{{Many(10_000, i => $"\"n{i}\"")}}],"additionalProperties":false}
                """,
            "properties" => $$"""{"type":"object","properties":{ {{Many(50_000, i => $"\"n{i}\":true")}} },"additionalProperties":false}""",
            "enum of texts" => $$"""{"enum":[{{Many(50_000, i => $"\"n{i}\"")}}]}""",
            "enum of numbers" => $$"""{"enum":[{{Many(50_000, i => $"{i}")}}]}""",
            "enum of objects" => $$"""{"enum":[{{Many(50_000, i => $"{{\"a\":{i}}}")}}]}""",
            "anyOf of constants" => $$"""{"anyOf":[{{Many(50_000, i => $"{{\"const\":\"n{i}\"}}")}}]}""",
            "anyOf of objects" => $$"""
                {"anyOf":[{{Many(20_000, i => $"{{\"properties\":{{\"a{i}\":{{\"type\":\"string\"}}}},\"required\":[\"a{i}\"]}}")}}]}
                """,
            "oneOf" => $$"""{"oneOf":[{{Many(5_000, i => $"{{\"const\":\"n{i}\"}}")}}]}""",
            "anyOf of 1,000 constants" => $$"""{"anyOf":[{{Many(1_000, i => $"{{\"const\":\"n{i}\"}}")}}]}""",
            "oneOf of 1,000 constants" => $$"""{"oneOf":[{{Many(1_000, i => $"{{\"const\":\"n{i}\"}}")}}]}""",
            "anyOf of 1,000 patterns" => $$"""{"anyOf":[{{Many(1_000, i => $"{{\"type\":\"string\",\"pattern\":\"^.*{i}.*$\"}}")}}]}""",
            "allOf" => $$"""{"allOf":[{{Many(20_000, i => $"{{\"minLength\":{i % 7}}}")}}]}""",
            "allOf of properties" => $$"""
                {"type":"object","allOf":[{{Many(5_000, i => $"{{\"properties\":{{\"a{i}\":{{\"type\":\"string\"}}}}}}")}}]}
                """,
            "dependentRequired of one" => $$"""
                {"type":"object","dependentRequired":{"a":[{{Many(9_000, i => $"\"n{i}\"")}}]} }
                """,
            "dependentRequired chain" => $$"""
                {"type":"object","dependentRequired":{ {{Many(5_000, i => $"\"n{i}\":[\"n{i + 1}\"]")}} } }
                """,
            "dependentRequired of all" => $$"""
                {"type":"object","dependentRequired":{ {{Many(2_000, i => $"\"n{i}\":[{Many(200, j => $"\"n{j}\"")}]")}} } }
                """,
            "dependentSchemas" => $$"""
                {"type":"object","dependentSchemas":{ {{Many(2_000, i => $"\"n{i}\":{{\"required\":[\"n{i + 1}\"]}}")}} } }
                """,
            "chain of $ref" => $$"""
                {"$ref":"#/$defs/d0","$defs":{ {{Many(20_000, i => $"\"d{i}\":{{\"$ref\":\"#/$defs/d{i + 1}\"}}")}},"d20000":true} }
                """,
            "many $ref" => $$"""
                {"type":"object","properties":{ {{Many(10_000, i => $"\"n{i}\":{{\"$ref\":\"#/$defs/d{i}\"}}")}} },
                "$defs":{ {{Many(10_000, i => $"\"d{i}\":{{\"type\":\"string\"}}")}} } }
                """,
            "nested anyOf" => Enumerable.Range(0, 20).Aggregate(
                "{\"type\":\"string\"}",
                (inner, i) => $$"""{"anyOf":[{"properties":{"a{{i}}":{"type":"string"} },"not":{{inner}}},{"minProperties":{{i}}}]}"""),
            "not required" => $$"""{"type":"object","not":{"required":[{{Many(50_000, i => $"\"n{i}\"")}}]} }""",
            "prefixItems" => $$"""{"type":"array","prefixItems":[{{Many(20_000, i => "{\"type\":\"string\"}")}}],"items":false}""",
            "patternProperties" => $$"""
                {"type":"object","patternProperties":{ {{Many(1_000, i => $"\"^a{i}.*b\":{{\"type\":\"string\"}}")}} } }
                """,
            "anyOf of patterns" => $$"""{"anyOf":[{{Many(2_000, i => $"{{\"type\":\"string\",\"pattern\":\"^.*{i}.*$\"}}")}}]}""",
            "long pattern" => $$"""{"type":"string","pattern":"({{string.Join('|', Enumerable.Range(0, 2_000).Select(i => $".*x{i}"))}})"}""",
            "bounded length" => """{"type":"string","minLength":1000000,"maxLength":2000000}""",
            _ => $$"""{"allOf":[{{Many(60, i => $"{{\"type\":\"integer\",\"multipleOf\":{i + 101}}}")}}]}""",
        };
    }
}
