using System.CommandLine;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

public class CommandTreeTests
{
    public static TheoryData<string> Commands() => ["run", "serve", "inspect", "bench", "tokenize", "template", "logits"];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_shows_usage_examples_and_exit_codes(string command)
    {
        Invocation help = await Invocation.RunAsync(command, "--help");

        Assert.Equal(ExitCode.Ok, help.Code);
        Assert.Contains("Usage:", help.Out);
        Assert.Contains($"qwensharp {command}", help.Out[help.Out.IndexOf("Examples:", StringComparison.Ordinal)..]);
        Assert.Contains("Exit codes: 0 done, 1 failed, 2 wrong command line, 130 interrupted", help.Out);
        Assert.Empty(help.Error);
    }

    // run and serve have a model of their own.
    public static TheoryData<string> CommandsThatNeedSomething => [.. Commands().Select(row => row.Data).Except(["run", "serve"])];

    [Theory]
    [MemberData(nameof(CommandsThatNeedSomething))]
    public async Task Missing_arguments_are_a_usage_error(string command) =>
        (await Invocation.RunAsync(command)).AssertFails(ExitCode.Usage, $"See 'qwensharp {command} --help'.");

    public static TheoryData<string, string> OptionsWithValues()
    {
        using Terminal terminal = new(Stream.Null, TextWriter.Null, TextWriter.Null);
        TheoryData<string, string> options = [];
        foreach (Command command in CommandTree.Build(terminal).Subcommands)
        {
            foreach (Command one in command.Subcommands.Append(command))
            {
                string path = one == command ? one.Name : $"{command.Name} {one.Name}";
                foreach (Option option in one.Options.Where(option => option.HelpName is "N" or "SIZE"))
                    options.Add(path, option.Name);
            }
        }

        return options;
    }

    [Theory]
    [MemberData(nameof(OptionsWithValues))]
    public async Task A_value_that_is_no_number_is_refused_in_one_line(string command, string option)
    {
        foreach (string value in (string[])["many", "", "1e999"])
        {
            Invocation given = await Invocation.RunAsync([.. command.Split(' '), option, value]);

            given.AssertFails(ExitCode.Usage, "");
        }
    }

    [Fact]
    public async Task An_unknown_command_is_a_usage_error() =>
        (await Invocation.RunAsync("fly")).AssertFails(ExitCode.Usage, "fly");

    [Fact]
    public async Task An_unknown_option_is_a_usage_error() =>
        (await Invocation.RunAsync("inspect", "model.gguf", "--fast")).AssertFails(ExitCode.Usage, "--fast");

    [Theory]
    [InlineData("run", "model.gguf", "--tempertaure")]
    [InlineData("run", "--tempertaure", "model.gguf")]
    [InlineData("tokenize", "model.gguf", "--parse-specials")]
    public async Task A_misspelled_option_is_not_taken_for_an_argument(params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(
            ExitCode.Usage,
            arguments.Single(argument => argument.StartsWith("--", StringComparison.Ordinal)));

    [Theory]
    [InlineData("The argument TYPE is missing: qwensharp quantize IN OUT TYPE.", "quantize", "in.gguf", "out.gguf")]
    [InlineData("The arguments IN, OUT and TYPE are missing", "quantize")]
    [InlineData("The argument MODEL is missing", "embed")]
    [InlineData("The option --query is missing: What is asked.", "rerank", "model.gguf", "text")]
    [InlineData("The value of --temperature is missing: --temperature N.", "run", "model.gguf", "--temperature")]
    [InlineData("A command is missing: box or data.", "eval")]
    public async Task What_is_missing_is_named(string message, params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Usage, message);

    [Theory]
    [InlineData("Did you mean 'run'?", "rnu", "model.gguf")]
    [InlineData("Did you mean 'inspect'?", "inpsect", "model.gguf")]
    [InlineData("Did you mean '--temperature'?", "run", "model.gguf", "--tempertaure", "0")]
    [InlineData("Did you mean '--context'?", "inspect", "model.gguf", "--contxt", "9")]
    [InlineData("Did you mean '--help'?", "list", "--hlep")]
    [InlineData("Did you mean 'huggingface'?", "pull", "qwen3:4b", "--hub", "hugingface")]
    [InlineData("Did you mean 'qwen3:0.6b'?", "pull", "qwen3:06b")]
    public async Task What_was_probably_meant_is_said(string message, params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Usage, message);

    [Theory]
    [InlineData("run", "qwen3:0.6bb", "Hi")]
    [InlineData("inspect", "qwne3:0.6b")]
    [InlineData("embed", "qwen3-0.6b", "text")]
    public async Task A_model_that_was_probably_meant_is_named(params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Failure, "Did you mean 'qwen3:0.6b'?");

    [Fact]
    public async Task Complaints_do_not_name_parameters_of_our_code()
    {
        Invocation nameless = await Invocation.RunAsync("inspect", "");

        Assert.Equal(ExitCode.Failure, nameless.Code);
        Assert.DoesNotContain("(Parameter", nameless.Error);
    }

    [Theory]
    [InlineData("inspect", "absent.gguf")]
    [InlineData("bench", "absent.gguf")]
    [InlineData("run", "absent.gguf", "Hi")]
    [InlineData("tokenize", "absent.gguf", "Hi")]
    [InlineData("logits", "absent.gguf", "--tokens", "1", "--output", "out.logits")]
    [InlineData("template", "absent.jinja", "--conversation", "chat.json")]
    public async Task A_missing_file_is_a_failure_that_names_it(params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Failure, arguments[1]);

    [Theory]
    [InlineData("run", "m", "p", "--temperature", "-1")]
    [InlineData("run", "m", "p", "--top-p", "2")]
    [InlineData("run", "m", "p", "--temperature", "warm")]
    [InlineData("run", "m", "p", "--max-tokens", "0")]
    [InlineData("run", "m", "p", "--kv", "q8")]
    [InlineData("run", "m", "p", "--threads", "-2")]
    [InlineData("run", "m", "p", "--think", "--no-think")]
    [InlineData("run", "m", "p", "--stop", "")]
    [InlineData("bench", "m", "--shape", "qwen3-4b")]
    [InlineData("bench", "--shape", "qwen9-1t")]
    [InlineData("bench", "--shape", "qwen3-4b", "--type", "q1")]
    [InlineData("bench", "m", "--runs", "0")]
    [InlineData("bench", "m", "--type", "q8_0")]
    [InlineData("bench", "--list-shapes", "m")]
    [InlineData("bench", "--list-shapes", "--shape", "qwen3-4b")]
    [InlineData("inspect", "m", "--template", "--json")]
    [InlineData("inspect", "m", "--shape", "qwen3-4b")]
    [InlineData("inspect", "m", "--type", "q8_0")]
    [InlineData("inspect", "--shape", "qwen9-1t")]
    [InlineData("inspect", "--shape", "qwen3-4b", "--template")]
    [InlineData("inspect", "m", "--template", "--tensors")]
    [InlineData("serve", "--model", "m", "--api-key", "")]
    [InlineData("logits", "m", "--tokens", "1", "--output", "")]
    [InlineData("logits", "m", "--tokens", "1", "--output", "o", "--context", "9")]
    [InlineData("tokenize", "m", "text", "--jsonl")]
    [InlineData("logits", "m", "--tokens", "1,x", "--output", "o")]
    [InlineData("logits", "m", "--tokens", "1,,2", "--output", "o")]
    [InlineData("logits", "m", "--tokens", "1,2,", "--output", "o")]
    [InlineData("run", "m", "")]
    [InlineData("embed", "m", "text", " ")]
    [InlineData("rerank", "m", "--query", "", "text")]
    [InlineData("rerank", "m", "--query", "why?", "")]
    [InlineData("pull", "qwen3")]
    [InlineData("pull", "no model")]
    [InlineData("pull", "qwen3:4b", "--endpoint", "nowhere")]
    [InlineData("rm", "no model")]
    public async Task Values_that_make_no_sense_are_usage_errors(params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Usage, "");

    [Theory]
    [InlineData("--runs", "x", "--runs must be a whole number from 1 to 16777216, not 'x'.", "bench", "m")]
    [InlineData("--threads", "1.5", "--threads must be a whole number from 0 to 1024, not '1.5'.", "bench", "m")]
    [InlineData("--context", "", "--context must be a whole number of at least 0, not ''.", "inspect", "m")]
    [InlineData("--kv", "q8", "--kv must be f32, f16, bf16 or q8_0, not 'q8'.", "inspect", "m")]
    [InlineData("--temperature", "warm", "--temperature must be a number", "run", "m")]
    public async Task A_value_that_is_no_number_is_refused_in_a_plain_sentence(
        string option,
        string value,
        string message,
        string command,
        string model)
    {
        Invocation refused = await Invocation.RunAsync(command, model, option, value);

        refused.AssertFails(ExitCode.Usage, message);
        Assert.DoesNotContain("System.", refused.Error);
    }

    [Fact]
    public async Task The_list_of_commands_marks_arguments_that_may_be_left_out()
    {
        string help = (await Invocation.RunAsync("--help")).Out;

        Assert.Contains("run [MODEL] [PROMPT]", help);
        Assert.Contains("template <MODEL>", help);
        Assert.Contains("inspect [MODEL]", help);
        Assert.Contains("quantize <IN> <OUT> <TYPE>", help);
    }

    [Fact]
    public async Task The_hint_at_help_names_the_whole_command() =>
        (await Invocation.RunAsync("eval", "box", "--prompts", "none")).AssertFails(ExitCode.Usage, "See 'qwensharp eval box --help'.");

    [Fact]
    public async Task The_version_is_the_packages()
    {
        Invocation version = await Invocation.RunAsync("--version");

        Assert.Equal(ExitCode.Ok, version.Code);
        Assert.Matches(@"^\d+\.\d+\.\d+", version.Out);
    }
}
