using System.Text.Json.Nodes;

namespace QwenSharp.Cli.Tests;

public sealed class GrammarCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public GrammarCommandTests() => _model = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_is_checked_against_a_schema()
    {
        await File.WriteAllTextAsync(
            _folder["schema.json"],
            """{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}""",
            TestContext.Current.CancellationToken);
        Invocation right = await Invocation.RunAsync("grammar", _folder["schema.json"], "--model", _model, "--check", """{"a": 1}""");
        Assert.Equal((0, "accepted"), (right.Code, right.Out.Trim()));
        Invocation wrong = await Invocation.RunAsync("grammar", _folder["schema.json"], "--model", _model, "--check", """{"a":"b"}""");
        Assert.Equal((1, "refused behind \"{\\\"a\\\":\""), (wrong.Code, wrong.Out.Trim()));
        Invocation half = await Invocation.RunAsync("grammar", _folder["schema.json"], "--model", _model, "--check", """{"a":1""");
        Assert.Equal((1, "refused: the text may not end here"), (half.Code, half.Out.Trim()));
    }

    [Fact]
    public async Task Expressions_and_grammars_are_checked_too()
    {
        await File.WriteAllTextAsync(_folder["g.gbnf"], "root ::= \"a\" root?", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await Invocation.RunAsync("grammar", "--regex", "a+b?", "--model", _model, "--check", "aab")).Code);
        Assert.Equal(1, (await Invocation.RunAsync("grammar", "--regex", "a+b?", "--model", _model, "--check", "abb")).Code);
        Assert.Equal(0, (await Invocation.RunAsync("grammar", "--gbnf", _folder["g.gbnf"], "--model", _model, "--check", "aaa")).Code);
        Invocation wrong = await Invocation.RunAsync("grammar", "--regex", "(a", "--model", _model, "--check", "a");
        Assert.Equal(1, wrong.Code);
        Assert.Contains("pattern: a group is not closed.", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_schemas_are_answered_line_by_line()
    {
        const string Lines = """
            {"name": "x", "schema": {"type": "integer"}, "tests": [{"data": 1, "valid": true}, {"data": "a", "valid": false}]}
            {"schema": {"$ref": "http://elsewhere/"}, "tests": []}
            """;
        Invocation said = await Invocation.WithInputAsync(Lines, "grammar", "--jsonl", "--model", _model);
        Assert.Equal(0, said.Code);
        JsonNode[] lines = [.. said.Out.Trim().Split('\n').Select(line => JsonNode.Parse(line)!)];
        Assert.Equal("[true,false]", lines[0]["accepted"]!.ToJsonString());
        Assert.True((bool)lines[0]["compiled"]!);
        Assert.Null(lines[0]["refused"]);
        Assert.Equal(3, lines[0]["mask_us"]!.AsArray().Count);
        Assert.False((bool)lines[1]["compiled"]!);
        Assert.StartsWith("$ref", (string?)lines[1]["refused"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grammar")]
    [InlineData("grammar", "schema.json")]
    [InlineData("grammar", "schema.json", "--regex", "a", "--check", "a")]
    [InlineData("grammar", "--jsonl", "--check", "a")]
    public async Task What_does_not_go_together_is_refused(params string[] arguments) =>
        Assert.Equal(2, (await Invocation.RunAsync(arguments)).Code);
}
