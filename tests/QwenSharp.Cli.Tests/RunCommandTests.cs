using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_prompt_gets_one_answer()
    {
        Invocation answer = await Invocation.RunAsync("run", Model(), "Hi", "--temperature", "0");

        Assert.Equal((0, "Hello, world!\n", ""), (answer.Code, answer.Out.ReplaceLineEndings("\n"), answer.Error));
    }

    [Fact]
    public async Task Piped_text_is_the_prompt()
    {
        Invocation answer = await Invocation.WithInputAsync("Hi\n", "run", Model(), "--temperature", "0");

        Assert.Equal("Hello, world!\n", answer.Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Piped_text_comes_before_the_prompt()
    {
        Invocation alone = await Invocation.RunAsync("run", Model(), "abc\n\nSum it up.", "--temperature", "0", "--json");
        Invocation piped = await Invocation.WithInputAsync("abc\n", "run", Model(), "Sum it up.", "--temperature", "0", "--json");

        Assert.Equal(alone.Json().GetProperty("prompt_tokens").GetInt32(), piped.Json().GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Without_any_prompt_there_is_nothing_to_do() =>
        (await Invocation.RunAsync("run", Model())).AssertFails(ExitCode.Usage, "no prompt");

    [Fact]
    public async Task Reasoning_stays_out_of_a_pipe()
    {
        Invocation answer = await Invocation.RunAsync("run", Model("<think>", "hmm", "</think>", "Yes."), "Sure?", "--temperature", "0");

        Assert.Equal("Yes.\n", answer.Out.ReplaceLineEndings("\n"));
        Assert.Contains("hmm", answer.Error);
    }

    [Fact]
    public async Task Json_holds_the_answer_and_its_cost()
    {
        JsonElement json = (
            await Invocation.RunAsync("run", Model("<think>", "hmm", "</think>", "Yes."), "Sure?", "--temperature", "0", "--json")
        ).Json();

        Assert.Equal("Yes.", json.GetProperty("content").GetString());
        Assert.Equal("hmm", json.GetProperty("reasoning_content").GetString());
        Assert.Equal("stop", json.GetProperty("finish_reason").GetString());
        Assert.Equal(5, json.GetProperty("completion_tokens").GetInt32());
        Assert.True(json.GetProperty("time_to_first_token_seconds").GetDouble() > 0);
    }

    [Fact]
    public async Task Limits_and_stop_strings_end_the_answer()
    {
        Assert.Equal(
            "Hello, \n",
            (await Invocation.RunAsync("run", Model(), "Hi", "--temperature", "0", "--max-tokens", "2")).Out.ReplaceLineEndings("\n"));
        Assert.Equal(
            "Hello\n",
            (await Invocation.RunAsync("run", Model(), "Hi", "--temperature", "0", "--stop", ", world")).Out.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Statistics_go_to_standard_error()
    {
        Invocation answer = await Invocation.RunAsync("run", Model(), "Hi", "--temperature", "0", "--stats");

        Assert.Equal("Hello, world!\n", answer.Out.ReplaceLineEndings("\n"));
        Assert.Contains("tokens/s", answer.Error);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_fails() =>
        (await Invocation.RunAsync("run", Model(), new string('x', 10_000), "--temperature", "0")).AssertFails(ExitCode.Failure, "4096");

    [Fact]
    public async Task A_context_beyond_the_models_is_refused_in_the_words_of_the_command_line() =>
        (await Invocation.RunAsync("run", Model(), "Hi", "--context", "100000")).AssertFails(
            ExitCode.Failure,
            "--context is 100000; the model was trained for 4096");

    [Fact]
    public async Task A_switch_that_the_template_does_not_have_is_refused()
    {
        string model = ScriptedCheckpoint.Write(_folder["plain.gguf"], template: "{{ messages[0].content }}");
        (await Invocation.RunAsync("run", model, "Hi", "--no-think")).AssertFails(ExitCode.Usage, "no switch for reasoning");
        Assert.Equal(ExitCode.Ok, (await Invocation.RunAsync("run", Model(), "Hi", "--no-think", "--temperature", "0")).Code);
    }

    private string Model(params string[] pieces) => ScriptedCheckpoint.Write(_folder["model.gguf"], pieces.Length > 0 ? pieces : null);
}
