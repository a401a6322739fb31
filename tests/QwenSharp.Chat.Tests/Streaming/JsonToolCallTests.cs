using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Hermes;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>The dialect of Hermes as imperfect models write it.</summary>
public sealed class JsonToolCallTests
{
    private static readonly AITool[] Tools =
    [
        AIFunctionFactory.CreateDeclaration("f", null, JsonElement.Parse(
            """
            { "type": "object", "properties": { "s": { "type": "string" }, "n": { "type": "integer" }, "b": { "type": "boolean" },
              "o": { "type": "object", "properties": { "k": { "type": "string" } } } } }
            """)),
        AIFunctionFactory.CreateDeclaration("now", null, JsonElement.Parse("""{ "type": "object", "properties": {} }""")),
    ];

    [Theory]
    [InlineData("""{"name": "f", "arguments": ""}""", "C(f {})")]
    [InlineData("""{"name": "f", "arguments": " "}""", "C(f {})")]
    [InlineData("""{"name": "f", "arguments": null}""", "C(f {})")]
    [InlineData("""{"name": "f", "arguments": []}""", "C(f {})")]
    [InlineData("""{"name": "f", "arguments": "null"}""", "C(f {})")]
    [InlineData("""{"name": "f"}""", "C(f {})")]
    [InlineData("""{"name": "f", "arguments": "{\"n\": 1}"}""", """C(f {"n":1})""")]
    [InlineData("""{"name": "f", "arguments": "{'n': 1}"}""", """C(f {"n":1})""")]
    [InlineData("""{"name": "f", "parameters": {"n": 1}}""", """C(f {"n":1})""")]
    [InlineData("""{"type": "function", "function": {"name": "f", "arguments": {"n": 1}}}""", """C(f {"n":1})""")]
    [InlineData("""{"arguments": {"n": 1}, "name": "f"}""", """C(f {"n":1})""")]
    [InlineData("{\"name\": \"f\", \"arguments\": {\"s\": \"a\n\tb\"}}", """C(f {"s":"a\n\tb"})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1,},}""", """C(f {"n":1})""")]
    [InlineData("""{'name': 'f', 'arguments': {'s': 'it\'s "so"', 'b': True, 'o': None}}""", """C(f {"s":"it\u0027s \u0022so\u0022","b":true,"o":null})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1, "n": 1}}""", """C(f {"n":1})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1}}}""", """C(f {"n":1})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1}""", """C(f {"n":1})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1""", """C(f {"n":1})""")]
    [InlineData("""[{"name": "f", "arguments": {"n": 1}}, {"name": "now"}]""", """C(f {"n":1})C(now {})""")]
    [InlineData("{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n{\"name\": \"now\"}", """C(f {"n":1})C(now {})""")]
    public void A_call_may_be_written_in_many_ways(string json, string expected)
    {
        AssertSplit($"a\n<tool_call>\n{json}\n</tool_call>\nb", $"a{expected}b");
        AssertSplit($"<tool_call>{json}</tool_call>", expected);
    }

    [Theory]
    [InlineData("""{"name": "f", "arguments": {"n": 1, "n": 2}}""")]
    [InlineData("""{"name": "f", "arguments": {"s": 'it's'}}""")]
    [InlineData("""{"name": "f", "arguments": {"s": "C:\dir"}}""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1}, "parameters": {"n": 2}}""")]
    [InlineData("""{"name": "f", "parameters": {"type": "object", "properties": {"n": {}}}}""")]
    [InlineData("""{"name": "now", "parameters": {"type": "object", "properties": {}}}""")]
    [InlineData("""{"name": "f", "description": "Does f.", "arguments": {}}""")]
    // Which bracket is missing is not certain: "n" may be the tool's.
    [InlineData("""{"name": "f", "arguments": {"o": {"k": "v", "n": 1}}""")]
    [InlineData("""{"name": "f", "arguments": {"s": "cut}}""")]
    [InlineData("""{"name": "f", "arguments": [1}""")]
    [InlineData("""{"name": "f", "arguments": 5}""")]
    [InlineData("not json")]
    public void What_is_not_certain_stays_text(string json) =>
        AssertSplit($"<tool_call>{json}</tool_call>", $"<tool_call>{json}</tool_call>");

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n", """C(f {"n":1})""")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}", """C(f {"n":1})""")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\nDone.", """C(f {"n":1})Done.""")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"n\": 1}}<tool_call>{\"name\": \"now\"}</tool_call>", """C(f {"n":1})C(now {})""")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1")]
    [InlineData("<tool_call>{\"name\": \"f\"} and so on", "<tool_call>{\"name\": \"f\"} and so on")]
    public void The_closing_tag_may_be_missing_after_a_whole_call(string reply, string expected) => AssertSplit(reply, expected);

    [Theory]
    [InlineData("""{"name": "f", "arguments": {"n": 1}}""", """C(f {"n":1})""")]
    [InlineData("<tool_call>\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n</tool_call>", """C(f {"n":1})""")]
    [InlineData("{\n  \"name\": \"f\",\n  \"arguments\": {\n    \"n\": 1\n  }\n}\n", """C(f {"n": 1})""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1}}</tool_call>""", """C(f {"n":1})""")]
    [InlineData("I will.\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\nDone.", """I will.C(f {"n":1})Done.""")]
    [InlineData("{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n{\"name\": \"now\", \"arguments\": {}}", """C(f {"n":1})C(now {})""")]
    [InlineData("""[{"name": "f", "arguments": {"n": 1}}, {"name": "now", "arguments": {}}]""", """C(f {"n":1})C(now {})""")]
    [InlineData("```json\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n```", """C(f {"n":1})""")]
    [InlineData("So:\n```json\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n```\nDone.", """So:C(f {"n":1})Done.""")]
    [InlineData("```\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n{\"name\": \"now\", \"arguments\": {}}\n```", """C(f {"n":1})C(now {})""")]
    [InlineData("<tools>\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n</tools>", """C(f {"n":1})""")]
    public void The_wrapper_may_be_missing_or_doubled_around_an_offered_tool(string reply, string expected) =>
        AssertSplit(reply, expected.Replace("\"n\": 1", "\"n\":1", StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"name": "other", "arguments": {"n": 1}}""")]
    [InlineData("""{"name": "f"}""")]
    [InlineData("""{"name": "f", "age": 5}""")]
    [InlineData("""So {"name": "f", "arguments": {"n": 1}}""")]
    [InlineData("""{"name": "f", "arguments": {"n": 1}}, or so""")]
    [InlineData("```python\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n```")]
    [InlineData("```json\n{\"name\": \"f\", \"arguments\": {\"n\": 1}}\n// and so on\n```")]
    [InlineData("```json\n{\"a\": 1}\n```\n")]
    [InlineData("[link](a)")]
    [InlineData("{")]
    [InlineData("``")]
    public void Other_JSON_stays_text(string reply) => AssertSplit(reply, reply);

    [Fact]
    public void A_block_of_code_ends_and_calls_count_again() =>
        AssertSplit(
            "```c\n{\n```\n{\"name\": \"f\", \"arguments\": {}}",
            "```c\n{\n```C(f {})");

    [Theory]
    [InlineData("why\n<tool_call>\n{\"name\": \"now\"}\n</tool_call>", "R(why)C(now {})")]
    [InlineData("why\n<tool_call>\n{\"name\": \"now\"}\n</tool_call>\n</think>\nso", "R(why)C(now {})so")]
    [InlineData("Or <tool_call>{\"name\": \"now\"}</tool_call>?\n</think>\nso", "R(Or <tool_call>{\"name\": \"now\"}</tool_call>?)so")]
    [InlineData("{\"name\": \"now\", \"arguments\": {}}\n</think>\nso", "R({\"name\": \"now\", \"arguments\": {}})so")]
    [InlineData("<tool_call>{\"name\": \"other\"}</tool_call>", "R(<tool_call>{\"name\": \"other\"}</tool_call>)")]
    public void A_call_in_reasoning_counts_where_it_is_whole_and_last(string reply, string expected) =>
        Replies.AssertSplit(new JsonToolCalls(), Tools, reply, expected, inReasoning: true);

    [Fact]
    public void JSON_that_is_no_call_comes_out_at_once()
    {
        ReplySplitterTests.AssertOut(new JsonToolCalls(), Tools, ("{\"na", ""), ("me\": \"Bo", ""), ("b\"", "{\"name\": \"Bob\""));
        ReplySplitterTests.AssertOut(new JsonToolCalls(), Tools, ("{\"age\"", "{\"age\""));
        ReplySplitterTests.AssertOut(new JsonToolCalls(), Tools, ("<tool_call>\nNo", "<tool_call>\nNo"));
    }

    private static void AssertSplit(string reply, string expected) => Replies.AssertSplit(new JsonToolCalls(), Tools, reply, expected);
}
