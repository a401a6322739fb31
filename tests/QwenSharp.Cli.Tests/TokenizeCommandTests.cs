using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class TokenizeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public TokenizeCommandTests() => _model = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ids_come_on_one_line()
    {
        Invocation ids = await Invocation.RunAsync("tokenize", _model, "ab");

        Assert.Equal((0, "97 98\n"), (ids.Code, ids.Out));
    }

    [Fact]
    public async Task Standard_input_is_taken_exactly()
    {
        Invocation ids = await Invocation.WithInputAsync("\uFEFFa\r\n \n", "tokenize", _model);

        // The bytes of a byte order mark, then everything up to the last newline.
        Assert.Equal("239 187 191 97 13 10 32 10\n", ids.Out);
    }

    [Theory]
    [InlineData("@file")]
    [InlineData("[x]")]
    [InlineData(" spaced ")]
    public async Task Text_is_never_taken_for_something_else(string text)
    {
        Invocation ids = await Invocation.RunAsync("tokenize", _model, text);

        Assert.Equal(string.Join(' ', System.Text.Encoding.UTF8.GetBytes(text)) + "\n", ids.Out);
    }

    [Fact]
    public async Task Control_tokens_are_parsed_on_request_only_and_other_added_tokens_always()
    {
        Invocation plain = await Invocation.RunAsync("tokenize", _model, "<|im_end|>");
        Invocation parsed = await Invocation.RunAsync("tokenize", _model, "<|im_end|>", "--parse-special");
        Invocation added = await Invocation.RunAsync("tokenize", _model, "<think>");

        Assert.Equal(10, plain.Out.Split(' ').Length);
        Assert.Single(parsed.Out.Split(' '));
        Assert.Single(added.Out.Split(' '));
    }

    [Theory]
    [InlineData("{\"txt\": \"a\"}", "it has no 'text'")]
    [InlineData("[1]", "it is no object with 'text'")]
    [InlineData("{\"text\": \"a\", \"text\": \"b\"}", "text")]
    public async Task A_line_that_is_no_text_is_named_with_its_fault(string line, string fault)
    {
        Invocation ids = await Invocation.WithInputAsync(line, "tokenize", _model, "--jsonl");

        ids.AssertFails(ExitCode.Failure, "line 1");
        Assert.Contains(fault, ids.Error);
    }

    [Fact]
    public async Task Text_that_begins_like_an_option_goes_after_two_dashes() =>
        Assert.Equal("45 45 97\n", (await Invocation.RunAsync("tokenize", _model, "--", "--a")).Out);

    [Fact]
    public async Task Json_lines_go_through_line_by_line()
    {
        Invocation ids = await Invocation.WithInputAsync(
            "{\"text\": \"a\"}\n{\"text\": \"\"}\n{\"id\": 3, \"text\": \"\\u00e9\"}",
            "tokenize",
            _model,
            "--jsonl");

        Assert.Equal((0, "{\"ids\":[97]}\n{\"ids\":[]}\n{\"ids\":[195,169]}\n"), (ids.Code, ids.Out));
    }

    [Theory]
    [InlineData("{\"text\": 1}")]
    [InlineData("{\"texts\": \"a\"}")]
    [InlineData("{\"text\": null}")]
    [InlineData("[]")]
    [InlineData("{\"text\": \"a\"")]
    [InlineData("")]
    public async Task A_bad_line_is_reported_with_its_number(string line)
    {
        Invocation ids = await Invocation.WithInputAsync($"{{\"text\": \"a\"}}\n{line}\n", "tokenize", _model, "--jsonl");

        Assert.Equal((1, "{\"ids\":[97]}\n"), (ids.Code, ids.Out));
        Assert.StartsWith("qwensharp: line 2 ", ids.Error);
    }

    [Fact]
    public async Task Decoding_is_the_way_back()
    {
        Invocation text = await Invocation.RunAsync("tokenize", _model, "--decode", "97, 98 10");
        Invocation lines = await Invocation.WithInputAsync("{\"ids\": [195, 169]}\n", "tokenize", _model, "--decode", "--jsonl");

        Assert.Equal("ab\n", text.Out);
        Assert.Equal("{\"text\":\"é\"}\n", lines.Out);
    }

    [Fact]
    public async Task Decoding_an_id_that_no_token_has_fails() =>
        (await Invocation.RunAsync("tokenize", _model, "--decode", "99999")).AssertFails(
            ExitCode.Failure,
            $"99999 is no token of {_model}, whose ids are 0 to ");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Input_that_is_not_UTF_8_is_refused(bool lines)
    {
        Invocation refused = await Invocation.RunAsync(
            [0x61, 0x0A, 0xFF, 0x0A],
            lines ? ["tokenize", _model, "--jsonl"] : ["tokenize", _model]);

        refused.AssertFails(ExitCode.Failure, "Standard input is not UTF-8");
    }

    [Fact]
    public async Task Json_names_ids_and_tokens()
    {
        JsonElement json = (await Invocation.RunAsync("tokenize", _model, "ab", "--json")).Json();

        Assert.Equal([97, 98], json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(["a", "b"], json.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()));
    }

    [Fact]
    public async Task A_file_of_another_kind_is_refused()
    {
        File.WriteAllText(_folder["notes.txt"], "Dear diary");

        (await Invocation.RunAsync("tokenize", _folder["notes.txt"], "a")).AssertFails(
            ExitCode.Failure,
            "neither a GGUF file nor a tokenizer.json");
    }

    [Theory]
    [InlineData("ggml-vocab-qwen2.gguf")]
    [InlineData("ggml-vocab-qwen35.gguf")]
    public async Task Llama_cpp_gives_the_same_ids(string vocabulary)
    {
        string path = Fixtures.Require("tokenizers", vocabulary);
        string[] expected = File.ReadAllLines(path + ".out");
        // A separator stands after the last text too.
        string[] texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n")[..expected.Length];
        string lines = string.Join('\n', texts.Select(text => JsonSerializer.Serialize(new { text })));

        Invocation ids = await Invocation.WithInputAsync(lines, "tokenize", path, "--jsonl");

        // Of decomposed text they differ: the models were trained on form C, which llama.cpp does not make.
        Assert.Equal(0, ids.Code);
        foreach ((string text, string other, string own) in texts.Zip(expected, ids.Out.TrimEnd('\n').Split('\n')))
            Assert.Equal(text.IsNormalized(), Numbers(other) == Numbers(own));
    }

    [Fact]
    public async Task Hugging_Face_gives_the_same_ids()
    {
        string path = Fixtures.Require("tokenizers", "qwen3.encodings.jsonl");
        string[] lines = File.ReadAllLines(path);

        Invocation ids = await Invocation.WithInputAsync(
            string.Join('\n', lines),
            "tokenize",
            Fixtures.Require("tokenizers", "tokenizer.json"),
            "--jsonl",
            "--parse-special");

        Assert.Equal(0, ids.Code);
        Assert.Equal(lines.Select(Numbers), ids.Out.TrimEnd('\n').Split('\n').Select(Numbers));
    }

    private static string Numbers(string line)
    {
        string ids = line.Contains("\"ids\"", StringComparison.Ordinal)
            ? JsonDocument.Parse(line).RootElement.GetProperty("ids").ToString()
            : line;
        return string.Join(' ', ids.Split([' ', ',', '[', ']'], StringSplitOptions.RemoveEmptyEntries));
    }
}
