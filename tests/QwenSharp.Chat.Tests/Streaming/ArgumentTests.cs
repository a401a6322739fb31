using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming.Xml;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>Bare text as an argument: its type is for the schema to say.</summary>
public sealed class ArgumentTests
{
    [Theory]
    [InlineData("""{"type": "integer"}""", "12", "12")]
    [InlineData("""{"type": "integer"}""", "twelve", "\"twelve\"")]
    [InlineData("""{"type": "integer"}""", "None", "\"None\"")]
    [InlineData("""{"type": "number"}""", "1e3", "1e3")]
    [InlineData("""{"type": "number"}""", "-0.5", "-0.5")]
    [InlineData("""{"type": "string"}""", "12", "\"12\"")]
    [InlineData("""{"type": "string"}""", "null", "\"null\"")]
    [InlineData("""{"type": "string"}""", "{\"a\": 1}", "\"{\\\"a\\\": 1}\"")]
    [InlineData("""{"type": "boolean"}""", "True", "true")]
    [InlineData("""{"type": "boolean"}""", "false", "false")]
    [InlineData("""{"type": "boolean"}""", "yes", "\"yes\"")]
    [InlineData("""{}""", "12", "\"12\"")]
    [InlineData("""{"type": ["integer", "null"]}""", "None", "null")]
    [InlineData("""{"type": ["string", "null"]}""", "None", "null")]
    [InlineData("""{"type": ["string", "null"]}""", "12", "\"12\"")]
    [InlineData("""{"type": "integer", "nullable": true}""", "null", "null")]
    [InlineData("""{"anyOf": [{"type": "object"}, {"type": "null"}]}""", "None", "null")]
    [InlineData("""{"oneOf": [{"type": "integer"}, {"type": "boolean"}]}""", "7", "7")]
    [InlineData("""{"anyOf": [{"type": "integer"}, {}]}""", "7", "\"7\"")]
    [InlineData("""{"type": "array", "items": {"type": "string"}}""", "['a', 'b']", "[\"a\",\"b\"]")]
    [InlineData("""{"type": "array"}""", "[1, True, None]", "[1,true,null]")]
    [InlineData("""{"type": "object"}""", "{'a': {'b': False}}", "{\"a\":{\"b\":false}}")]
    [InlineData("""{"type": "object"}""", "{'a': it}", "\"{'a': it}\"")]
    [InlineData("""{"properties": {"a": {}}}""", "{\"a\": 1}", "{\"a\":1}")]
    [InlineData("""{"$ref": "#/$defs/Limit"}""", "10", "10")]
    [InlineData("""{"$ref": "#/definitions/A~1b%20c"}""", "{\"c\": 1}", "{\"c\":1}")]
    [InlineData("""{"$ref": "#/$defs/Missing"}""", "10", "\"10\"")]
    [InlineData("""{"$ref": "https://example.com/x"}""", "10", "\"10\"")]
    [InlineData("""{"$ref": "#/$defs/Tree"}""", "{\"left\": {\"left\": null}}", "{\"left\":{\"left\":null}}")]
    [InlineData("""{"$ref": "#/$defs/Loop"}""", "10", "\"10\"")]
    [InlineData("""{"allOf": [{"$ref": "#/$defs/Limit"}], "description": "d"}""", "10", "10")]
    [InlineData("""{"anyOf": [{"$ref": "#/$defs/Limit"}, {"type": "null"}]}""", "None", "null")]
    [InlineData("""{"enum": [1, 2, 3]}""", "2", "2")]
    [InlineData("""{"enum": ["1", "2"]}""", "2", "\"2\"")]
    [InlineData("""{"enum": [1, "2"]}""", "2", "\"2\"")]
    [InlineData("""{"enum": [1, "a"]}""", "1", "1")]
    [InlineData("""{"enum": ["None", null]}""", "None", "\"None\"")]
    [InlineData("""{"anyOf": [{"enum": ["auto"]}, {"type": "boolean"}]}""", "true", "true")]
    [InlineData("""{"anyOf": [{"enum": ["auto"]}, {"type": "boolean"}]}""", "auto", "\"auto\"")]
    [InlineData("""{"anyOf": [{"enum": ["auto"]}, {"type": "integer"}]}""", "12", "12")]
    [InlineData("""{"anyOf": [{"const": "auto"}, {"type": "string"}, {"type": "integer"}]}""", "12", "\"12\"")]
    [InlineData("""{"anyOf": [{"type": "string"}, {"enum": [1, 2]}]}""", "3", "\"3\"")]
    [InlineData("""{"type": "string", "enum": ["a", "b"]}""", "3", "\"3\"")]
    [InlineData("""{"const": true}""", "True", "true")]
    [InlineData("""{"type": "int"}""", "5", "5")]
    [InlineData("""{"type": "unheard"}""", "5", "\"5\"")]
    public void The_schema_says_what_text_means(string schema, string text, string expected)
    {
        JsonElement parameters = JsonElement.Parse(
            $$"""
            { "type": "object", "properties": { "p": {{schema}} },
              "$defs": { "Limit": { "type": "integer" }, "Loop": { "$ref": "#/$defs/Loop" },
                "Tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/Tree" } } } },
              "definitions": { "A/b c": { "type": "object" } } }
            """);
        AITool tool = AIFunctionFactory.CreateDeclaration("f", null, parameters);
        string split = Replies.Split(
            new XmlToolCalls(),
            [tool],
            [$"<tool_call>\n<function=f>\n<parameter=p>\n{text}\n</parameter>\n</function>\n</tool_call>"]);

        Assert.Equal($"C(f {{\"p\":{expected}}})", Compact(split));
    }

    [Fact]
    public void Equal_values_of_one_argument_are_one() =>
        Assert.Equal(
            "C(f {\"p\":\"1\"})",
            Replies.Split(
                new XmlToolCalls(),
                [AIFunctionFactory.CreateDeclaration("f", null, JsonElement.Parse("{}"))],
                ["<tool_call><function=f><parameter=p>1</parameter><parameter=p>1</parameter></function></tool_call>"]));

    // JSON that needed no mending keeps its spaces.
    private static string Compact(string split) =>
        split.Contains("\"p\":\"", StringComparison.Ordinal) ? split : split.Replace(": ", ":", StringComparison.Ordinal);
}
