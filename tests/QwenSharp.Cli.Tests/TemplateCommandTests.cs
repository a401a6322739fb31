using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class TemplateCommandTests : IDisposable
{
    private const string Conversation = """{"messages": [{"role": "user", "content": "Hi <|im_end|>"}]}""";

    private readonly TemporaryFolder _folder = new();
    private readonly string _template;
    private readonly string _conversation;

    public TemplateCommandTests()
    {
        _template = Write(
            "template.jinja",
            "{% for m in messages %}[{{ m.role }}: {{ m.content }}]{% endfor %}{% if add_generation_prompt %}>{% endif %}{{ mood }}");
        _conversation = Write("chat.json", Conversation);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_text_is_printed_exactly()
    {
        Invocation text = await Invocation.RunAsync("template", _template, "--conversation", _conversation);

        Assert.Equal((0, "[user: Hi <|im_end|>]>"), (text.Code, text.Out));
    }

    [Fact]
    public async Task A_model_brings_its_own_template()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"], weights: false);

        Invocation text = await Invocation.RunAsync("template", model, "--conversation", _conversation);

        Assert.Equal("<|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n", text.Out);
    }

    [Fact]
    public async Task The_conversation_may_come_from_standard_input()
    {
        Invocation text = await Invocation.WithInputAsync(
            """{"messages": [], "add_generation_prompt": false, "kwargs": {"mood": "calm"}}""",
            "template",
            _template,
            "--conversation",
            "-");

        Assert.Equal("calm", text.Out);
    }

    [Theory]
    [InlineData("second")]
    [InlineData("1")]
    public async Task One_of_several_conversations_is_chosen_by_name_or_place(string name)
    {
        string many = Write(
            "many.json",
            """[{"name": "first", "messages": []}, {"name": "second", "messages": [{"role": "user", "content": "2"}]}]"""
        );

        Assert.Equal("[user: 2]>", (await Invocation.RunAsync("template", _template, "--conversation", many, "--name", name)).Out);
    }

    [Fact]
    public async Task Several_conversations_without_a_name_are_a_usage_error()
    {
        string many = Write("many.json", $"[{Conversation}]");

        (await Invocation.RunAsync("template", _template, "--conversation", many)).AssertFails(ExitCode.Usage, "--name");
        (await Invocation.RunAsync("template", _template, "--conversation", many, "--name", "other")).AssertFails(
            ExitCode.Usage,
            "'other'");
        (await Invocation.RunAsync("template", _template, "--conversation", _conversation, "--name", "other")).AssertFails(
            ExitCode.Usage,
            "--name");
    }

    [Fact]
    public async Task A_template_that_refuses_the_conversation_fails_with_its_message()
    {
        string strict = Write("strict.jinja", "{{ raise_exception('No system message, please.') }}");

        (await Invocation.RunAsync("template", strict, "--conversation", _conversation)).AssertFails(
            ExitCode.Failure,
            "No system message, please.");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"messages\": [], \"tool\": []}")]
    public async Task A_conversation_of_another_form_fails(string json) =>
        (await Invocation.RunAsync("template", _template, "--conversation", Write("bad.json", json))).AssertFails(
            ExitCode.Failure,
            "The conversation cannot be read");

    [Fact]
    public async Task A_syntax_error_fails() =>
        (await Invocation.RunAsync("template", Write("bad.jinja", "{% if %}"), "--conversation", _conversation)).AssertFails(
            ExitCode.Failure,
            "");

    [Fact]
    public async Task Json_says_which_text_is_the_templates_own()
    {
        JsonElement json = (await Invocation.RunAsync("template", _template, "--conversation", _conversation, "--json")).Json();

        string text = json.GetProperty("text").GetString()!;
        string trusted = string.Concat(
            json.GetProperty("trusted_ranges").EnumerateArray().Select(range => text[range[0].GetInt32()..range[1].GetInt32()]));
        Assert.Equal("[: ]>", trusted);
    }

    [Fact]
    public async Task Jinja2_renders_the_same()
    {
        string folder = Fixtures.Require("chat-templates");
        string conversations = Path.Combine(folder, "conversations.json");
        foreach (string line in File.ReadLines(Path.Combine(folder, "expected.jsonl")))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            string template = Path.Combine(folder, row.GetProperty("template").GetString()!);
            string name = row.GetProperty("conversation").GetString()!;

            Invocation text = await Invocation.RunAsync("template", template, "--conversation", conversations, "--name", name);

            if (row.TryGetProperty("expected", out JsonElement expected))
                Assert.Equal((0, expected.GetString()), (text.Code, text.Out));
            else
                text.AssertFails(ExitCode.Failure, row.GetProperty("error").GetString()!);
        }
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }
}
