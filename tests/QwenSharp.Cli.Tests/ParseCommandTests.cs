using QwenSharp.Tests;

namespace QwenSharp.Cli.Tests;

public sealed class ParseCommandTests : IDisposable
{
    private const string Tools = """
        [{"type": "function", "function": {"name": "set", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}}},
         {"name": "now"}]
        """;

    private const string Xml = "<function=set>\n<parameter=n>\n5\n</parameter>\n</function>\n</tool_call>";

    private readonly TemporaryFolder _folder = new();
    private readonly string _tools;

    public ParseCommandTests() => _tools = Write("tools.json", Tools);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("xml", "<think>\nwhy\n</think>\n\nso\n\n<tool_call>\n" + Xml)]
    [InlineData("hermes", "<think>why</think>so\n<tool_call>\n{\"name\": \"set\", \"arguments\": {\"n\": 5}}\n</tool_call>")]
    [InlineData("json", "<think>why</think>so\n<tool_call>\n{\"name\": \"set\", \"arguments\": {\"n\": 5}}\n</tool_call>")]
    public async Task A_reply_is_split_as_the_server_does(string dialect, string reply)
    {
        Invocation parsed = await Invocation.WithInputAsync(reply, "parse", "--dialect", dialect, "--tools", _tools);

        Assert.Equal(
            (0, """{"reasoning":"why","content":"so","tool_calls":[{"name":"set","arguments":{"n":5}}]}""" + "\n"),
            (parsed.Code, parsed.Out));
    }

    [Fact]
    public async Task What_is_not_there_is_null_and_no_calls_are_an_empty_list()
    {
        Invocation nothing = await Invocation.WithInputAsync("", "parse", "--dialect", "xml");
        Invocation noTools = await Invocation.WithInputAsync("é <tool_call>", "parse", "--dialect", "hermes");

        Assert.Equal("""{"reasoning":null,"content":null,"tool_calls":[]}""" + "\n", nothing.Out);
        Assert.Equal("""{"reasoning":null,"content":"é <tool_call>","tool_calls":[]}""" + "\n", noTools.Out);
    }

    [Fact]
    public async Task The_reply_may_begin_inside_reasoning()
    {
        Invocation parsed = await Invocation.WithInputAsync("why\n</think>\n\nso", "parse", "--dialect", "xml", "--think");

        Assert.Equal("""{"reasoning":"why","content":"so","tool_calls":[]}""" + "\n", parsed.Out);
    }

    [Fact]
    public async Task The_template_of_a_model_says_what_its_replies_look_like()
    {
        string coder = Write("coder.jinja", "{% if tools %}<tool_call><function=f><parameter=p>{% endif %}");
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"], weights: false);

        Invocation xml = await Invocation.WithInputAsync(Xml, "parse", coder, "--tools", _tools);
        Invocation hermes = await Invocation.WithInputAsync("<tool_call>{\"name\": \"now\"}", "parse", model, "--tools", _tools);

        Assert.Equal("""{"reasoning":null,"content":null,"tool_calls":[{"name":"set","arguments":{"n":5}}]}""" + "\n", xml.Out);
        Assert.Equal("""{"reasoning":null,"content":null,"tool_calls":[{"name":"now","arguments":{}}]}""" + "\n", hermes.Out);
    }

    [Theory]
    [InlineData("MODEL", "parse")]
    [InlineData("one too many", "parse", "box", "--dialect", "xml", "--tools", "tools.json")]
    [InlineData("hermes, json or xml", "parse", "--dialect", "yaml")]
    public async Task A_wrong_command_line_is_refused(string says, params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Usage, says);

    [Theory]
    [InlineData("{", "bad.json holds no tools")]
    [InlineData("{}", "an object where an array belongs")]
    [InlineData("[1]", "tools[0]")]
    [InlineData("[{\"function\": {\"name\": \"f\"}}, {\"function\": {}}]", "tools[1]")]
    [InlineData("[{\"name\": \"f\", \"parameters\": []}]", "\"f\"")]
    [InlineData("[{\"name\": \"f\"}, {\"name\": \"f\"}]", "two tools are called \"f\"")]
    public async Task A_bad_file_of_tools_fails(string json, string says) =>
        (await Invocation.RunAsync("parse", "--dialect", "xml", "--tools", Write("bad.json", json))).AssertFails(ExitCode.Failure, says);

    [Fact]
    public async Task Replies_met_in_the_field_are_read_as_they_should_be()
    {
        string root = Path.GetDirectoryName(Fixtures.Require("README.md"))! + "/../cases";
        Assert.SkipUnless(Directory.Exists(root), "The cases met in the field are not here.");
        (string Name, string File, string Dialect, string Expected)[] cases =
        [
            ("json-empty-or-null-arguments", "empty", "json", """null,"tool_calls":[{"name":"set_record","arguments":{}}]}"""),
            ("json-empty-or-null-arguments", "null", "json", """null,"tool_calls":[{"name":"set_record","arguments":{}}]}"""),
            ("json-empty-or-null-arguments", "missing", "json", """null,"tool_calls":[{"name":"set_record","arguments":{}}]}"""),
            ("xml-bare-function", "bare", "xml", "\"I will do it.\"" + Call("""{"note":"hello"}""")),
            ("xml-missing-parameter-close", "last", "xml", "null" + Call("""{"note":"hello"}""")),
            ("xml-missing-parameter-close", "middle", "xml", "null" + Call("""{"note":"hello","id":4}""")),
            ("xml-missing-parameter-close", "no-function-close", "xml", "null" + Call("""{"note":"hello"}""")),
            ("xml-none-for-null", "none", "xml", "null" + Call("""{"id":42,"meta":null,"opt":null}""")),
            ("xml-none-for-null", "null", "xml", "null" + Call("""{"id":42,"meta":null,"opt":null}""")),
            ("xml-ref-schema", "ref", "xml", "null" + Call(
                """{"addr":{"city":"Bern"},"limit":10,"both":{"city":"Ulm"},"maybe":{"city":"Linz"},"level":2}""")),
        ];
        foreach ((string name, string file, string dialect, string expected) in cases)
        {
            string folder = Path.Combine(root, name);
            Invocation parsed = await Invocation.WithInputAsync(
                File.ReadAllText(Path.Combine(folder, file + ".txt")),
                "parse",
                "--dialect",
                dialect,
                "--tools",
                Path.Combine(folder, "tools.json"));
            Assert.Equal($$"""{"reasoning":null,"content":{{expected}}""" + "\n", parsed.Out);
        }

        string inThink = Path.Combine(root, "tool-call-inside-think");
        Invocation unclosed = await Invocation.WithInputAsync(
            File.ReadAllText(Path.Combine(inThink, "unclosed.txt")),
            "parse",
            "--dialect",
            "xml",
            "--think",
            Path.Combine(inThink, "tools.json"));
        Assert.Equal(
            """{"reasoning":"The file must be read first.","content":null""" + Call("""{"id":1}""") + "\n",
            unclosed.Out);

        static string Call(string arguments) => ",\"tool_calls\":[{\"name\":\"set_record\",\"arguments\":" + arguments + "}]}";
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }
}
