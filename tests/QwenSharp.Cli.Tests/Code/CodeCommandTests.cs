using System.Diagnostics;
using System.Text.Json;

namespace QwenSharp.Cli.Tests.Code;

/// <summary><c>code</c> without a person, as its users and their programs run it: a process, and a model that plays a script.</summary>
public sealed class CodeCommandTests : IDisposable
{
    private static readonly string[] RenameLimit =
    [
        """{"reasoning": "Where is it?", "text": "I look.", "calls": [{"name": "grep_search", "arguments": {"pattern": "Limit"}}]}""",
        """
        {"calls": [{"name": "read_file", "arguments": {"file_path": "src/a.cs"}},
                   {"name": "read_file", "arguments": {"file_path": "src/b.cs"}}]}
        """,
        """
        {"calls": [{"name": "edit",
                    "arguments": {"file_path": "src/a.cs", "old_string": "int Limit = 3", "new_string": "int Most = 3"}}]}
        """,
        """
        {"calls": [{"name": "edit", "arguments": {"file_path": "src/b.cs", "old_string": "A.Limit", "new_string": "A.Most"}}]}
        """,
        """{"calls": [{"name": "run_shell_command", "arguments": {"command": "cat src/a.cs src/b.cs > built.txt"}}]}""",
        """{"text": "Renamed Limit to Most in src/a.cs and src/b.cs."}""",
    ];

    private readonly TemporaryFolder _folder = new();

    public CodeCommandTests()
    {
        Write("src/a.cs", "class A\n{\n    public const int Limit = 3;\n}\n");
        Write("src/b.cs", "class B\n{\n    int _x = A.Limit;\n}\n");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Project => _folder["project"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    public async Task Files_are_changed_and_the_answer_is_printed(string path)
    {
        using FakeEndpoint endpoint = new(RenameLimit);

        Invocation done = await RunAsync("", "-p", "Rename Limit to Most.", "--base-url", endpoint.Url + path, "--model", "any",
            "--permission-mode", "auto");

        Assert.True(done.Code == ExitCode.Ok, done.Error);
        Assert.Equal("Renamed Limit to Most in src/a.cs and src/b.cs.\n", done.Out);
        Assert.Equal("class A\n{\n    public const int Most = 3;\n}\n", Read("src/a.cs"));
        Assert.Equal("class B\n{\n    int _x = A.Most;\n}\n", Read("src/b.cs"));
        Assert.Equal(Read("src/a.cs") + Read("src/b.cs"), Read("built.txt"));
        Assert.Equal(RenameLimit.Length, endpoint.Requests.Count);
    }

    [Fact]
    public async Task Every_request_begins_with_the_one_before()
    {
        using FakeEndpoint endpoint = new(RenameLimit);
        await RunAsync("", "-p", "Rename Limit to Most.", "--base-url", endpoint.Url, "--model", "any", "--permission-mode", "auto");

        JsonElement[] requests = [.. endpoint.Requests];
        Assert.All(requests, request => Assert.Equal("any", request.GetProperty("model").GetString()));
        Assert.All(requests, request => Assert.True(request.GetProperty("stream").GetBoolean()));
        foreach ((JsonElement before, JsonElement after) in requests.Zip(requests.Skip(1)))
        {
            string[] first = Messages(before), second = Messages(after);
            Assert.Equal(first, second.Take(first.Length));
            Assert.Equal(before.GetProperty("tools").GetRawText(), after.GetProperty("tools").GetRawText());
        }

        // What was thought goes back as it came, and so do the arguments.
        Assert.Contains("Where is it?", requests[1].GetRawText());
        JsonElement call = requests[1].GetProperty("messages")[2].GetProperty("tool_calls")[0];
        Assert.Equal("call_1_0", call.GetProperty("id").GetString());
        JsonElement arguments = JsonElement.Parse(call.GetProperty("function").GetProperty("arguments").GetString()!);
        Assert.Equal("Limit", Text(arguments, "pattern"));
    }

    [Fact]
    public async Task The_fixed_prefix_is_short()
    {
        using FakeEndpoint endpoint = new("""{"text": "Yes."}""");
        await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any");

        JsonElement request = endpoint.Requests.Single();
        int characters = request.GetProperty("tools").GetRawText().Length + request.GetProperty("messages")[0].GetRawText().Length;

        // Qwen's tokenizer takes some four characters of this a token.
        Assert.InRange(characters, 1000, 4 * 4000);
    }

    [Fact]
    public async Task Stream_json_has_the_shapes_that_programs_around_agents_read()
    {
        using FakeEndpoint endpoint = new(RenameLimit);

        Invocation done = await RunAsync("", "-p", "Rename Limit to Most.", "--base-url", endpoint.Url, "--model", "any",
            "--permission-mode", "auto", "--output-format", "stream-json", "--verbose");

        Assert.True(done.Code == ExitCode.Ok, done.Error);
        JsonElement[] lines = [.. done.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
        JsonElement init = lines[0], last = lines[^1];
        Assert.Equal(("system", "init"), (Text(init, "type"), Text(init, "subtype")));
        Assert.Equal(("any", "auto"), (Text(init, "model"), Text(init, "permissionMode")));
        Assert.Contains("edit", init.GetProperty("tools").EnumerateArray().Select(tool => tool.GetString()));
        Assert.All(lines, line => Assert.Equal(Text(init, "session_id"), Text(line, "session_id")));
        Assert.Equal(
            ["system", "assistant", "user", "assistant", "user", "user", "assistant", "user", "assistant", "user", "assistant", "user",
                "assistant", "result"],
            lines.Select(line => Text(line, "type")));

        JsonElement[] content = [.. lines[1].GetProperty("message").GetProperty("content").EnumerateArray()];
        Assert.Equal(["thinking", "text", "tool_use"], content.Select(block => Text(block, "type")));
        Assert.Equal("grep_search", Text(content[2], "name"));
        JsonElement result = lines[2].GetProperty("message").GetProperty("content")[0];
        Assert.Equal(("tool_result", "call_1_0"), (Text(result, "type"), Text(result, "tool_use_id")));

        Assert.Equal("success", Text(last, "subtype"));
        Assert.False(last.GetProperty("is_error").GetBoolean());
        Assert.Equal(6, last.GetProperty("num_turns").GetInt32());
        Assert.Equal("Renamed Limit to Most in src/a.cs and src/b.cs.", Text(last, "result"));
        JsonElement usage = last.GetProperty("usage");
        Assert.Equal(
            (21_000 - 13_500, 13_500, 120),
            (usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("cache_read_input_tokens").GetInt32(),
                usage.GetProperty("output_tokens").GetInt32()));
    }

    [Fact]
    public async Task What_would_be_asked_for_is_denied_and_told()
    {
        using FakeEndpoint endpoint = new(
            """{"calls": [{"name": "write_file", "arguments": {"file_path": "new.txt", "content": "x"}}]}""", """{"text": "I may not."}""");

        Invocation done = await RunAsync("", "-p", "Write.", "--base-url", endpoint.Url, "--model", "any", "--output-format", "json");

        JsonElement result = done.Json();
        Assert.Equal((ExitCode.Ok, "I may not."), (done.Code, Text(result, "result")));
        Assert.Equal("write_file", Text(Assert.Single(result.GetProperty("permission_denials").EnumerateArray()), "tool_name"));
        Assert.False(File.Exists(Path.Combine(Project, "new.txt")));
        Assert.Contains("Not permitted", endpoint.Requests.Last().GetRawText());
    }

    [Fact]
    public async Task A_session_goes_on()
    {
        using FakeEndpoint endpoint = new("""{"text": "One."}""", """{"text": "Two."}""", """{"text": "Three."}""");
        Invocation first = await RunAsync("", "-p", "First?", "--base-url", endpoint.Url, "--model", "any", "--output-format", "json");
        Invocation second = await RunAsync("", "-p", "Second?", "--base-url", endpoint.Url, "--model", "any", "--continue");
        Invocation third = await RunAsync(
            "", "-p", "Third?", "--base-url", endpoint.Url, "--model", "any", "--resume", Text(first.Json(), "session_id")!);

        Assert.Equal(("Two.\n", "Three.\n"), (second.Out, third.Out));
        string[][] messages = [.. endpoint.Requests.Select(Messages)];
        Assert.Equal(messages[0], messages[1].Take(messages[0].Length));
        Assert.Equal(messages[1], messages[2].Take(messages[1].Length));
        Assert.Contains("Third?", messages[2][^1]);
    }

    [Fact]
    public async Task The_prompt_may_be_piped()
    {
        using FakeEndpoint endpoint = new("""{"text": "One."}""", """{"text": "Two."}""");
        await RunAsync("From a pipe.", "-p", "--base-url", endpoint.Url, "--model", "any");
        await RunAsync("A diff.\n", "-p", "Review this.", "--base-url", endpoint.Url, "--model", "any");

        JsonElement[] requests = [.. endpoint.Requests];
        Assert.Contains(@"\n\nFrom a pipe.", Messages(requests[0])[^1]);
        Assert.Contains(@"A diff.\n\nReview this.", Messages(requests[1])[^1]);
    }

    [Fact]
    public async Task Prompts_come_as_JSON_too()
    {
        using FakeEndpoint endpoint = new("""{"text": "One."}""", """{"text": "Two."}""");
        Invocation done = await RunAsync(
            """
            {"type": "user", "message": {"role": "user", "content": "First?"}}
            {"type": "user", "message": {"role": "user", "content": [{"type": "text", "text": "Second?"}]}}

            """,
            "-p", "--base-url", endpoint.Url, "--model", "any", "--input-format", "stream-json", "--output-format", "stream-json");

        Assert.True(done.Code == ExitCode.Ok, done.Error);
        string[] results = [.. done.Out
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonElement.Parse(line))
            .Where(line => Text(line, "type") == "result")
            .Select(line => Text(line, "result")!)];
        Assert.Equal(["One.", "Two."], results);
        Assert.Contains("First?", endpoint.Requests.Last().GetRawText());
    }

    [Fact]
    public async Task The_limit_of_turns_is_a_failure()
    {
        using FakeEndpoint endpoint = new(RenameLimit);
        Invocation done = await RunAsync("", "-p", "Rename.", "--base-url", endpoint.Url, "--model", "any", "--max-turns", "2",
            "--output-format", "json");
        Assert.Equal((ExitCode.Failure, "error_max_turns"), (done.Code, Text(done.Json(), "subtype")));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_is_said_in_one_line()
    {
        using FakeEndpoint endpoint = new("""{"status": 401, "error": "No such key."}""");
        Invocation done = await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any");
        done.AssertFails(ExitCode.Failure, "No such key.");
    }

    [Fact]
    public async Task An_endpoint_that_has_too_much_to_do_is_asked_again()
    {
        using FakeEndpoint endpoint = new("""{"status": 503, "error": "Busy."}""", """{"text": "Here."}""");
        Invocation done = await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any");
        Assert.Equal((ExitCode.Ok, "Here.\n"), (done.Code, done.Out));
        Assert.Contains("Again in", done.Error);
    }

    [Fact]
    public async Task The_key_is_the_one_of_the_variable_that_is_named()
    {
        using FakeEndpoint endpoint = new("""{"text": "One."}""", """{"text": "Two."}""");
        await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any", "--api-key-env", "THE_KEY");
        await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any");
        Assert.Equal(["Bearer s3cret", ""], endpoint.Keys);
    }

    [Fact]
    public async Task A_projects_settings_hold_once_it_is_trusted()
    {
        Write(".qwensharp/settings.json", """{"permissions": {"defaultMode": "accept-edits", "deny": ["edit"]}}""");
        string[] turns =
        [
            """{"calls": [{"name": "write_file", "arguments": {"file_path": "new.txt", "content": "x"}}]}""", """{"text": "Well."}""",
        ];
        using FakeEndpoint endpoint = new([.. turns, .. turns]);

        Invocation untrusted = await RunAsync("", "-p", "Write.", "--base-url", endpoint.Url, "--model", "any");
        Assert.False(File.Exists(Path.Combine(Project, "new.txt")));
        Assert.Contains("--trust", untrusted.Error);

        await RunAsync("", "-p", "Write.", "--base-url", endpoint.Url, "--model", "any", "--trust");
        Assert.Equal("x", Read("new.txt"));
    }

    [Fact]
    public async Task What_the_project_says_of_itself_goes_with_the_prompt()
    {
        Write("AGENTS.md", "Build with make.");
        using FakeEndpoint endpoint = new("""{"text": "Yes."}""");
        await RunAsync("", "-p", "Hi", "--base-url", endpoint.Url, "--model", "any", "--append-system-prompt", "Speak Latin.");

        string[] messages = Messages(endpoint.Requests.Single());
        Assert.EndsWith("Speak Latin.\"}", messages[0]);
        Assert.Contains("Build with make.", messages[1]);
    }

    [Theory]
    [InlineData("there is none without checks", "-p", "x", "--permission-mode", "bypassPermissions")]
    [InlineData("Did you mean 'accept-edits'", "-p", "x", "--permission-mode", "accept-edit")]
    [InlineData("--base-url must begin with http", "-p", "x", "--base-url", "localhost:1")]
    [InlineData("the variable NO_SUCH_KEY is not set.", "-p", "x", "--base-url", "http://h", "--api-key-env", "NO_SUCH_KEY")]
    [InlineData("--continue and --resume exclude each other.", "-p", "x", "--continue", "--resume", "y")]
    [InlineData("The prompt is given twice", "-p", "x", "y")]
    [InlineData("are for -p", "--output-format", "json")]
    [InlineData("There is no terminal to talk in", "hello")]
    [InlineData("There is no prompt", "-p")]
    [InlineData("there is no directory", "-p", "x", "--cwd", "/no/such/place")]
    public async Task A_command_line_that_is_wrong_is_refused(string problem, params string[] arguments) =>
        (await RunAsync("", arguments)).AssertFails(ExitCode.Usage, problem);

    [Fact]
    public async Task A_session_that_is_not_there_is_a_failure() =>
        (await RunAsync("", "-p", "x", "--base-url", "http://127.0.0.1:9", "--model", "any", "--continue"))
            .AssertFails(ExitCode.Failure, "There is no earlier session of");

    private async Task<Invocation> RunAsync(string input, params string[] arguments)
    {
        ProcessStartInfo start = ProcessTests.StartInfo(["code", .. arguments]);
        start.WorkingDirectory = Project;
        start.Environment["HOME"] = _folder["home"];
        start.Environment["USERPROFILE"] = _folder["home"];
        start.Environment["QWENSHARP_AGENT_DATA"] = _folder["data"];
        start.Environment["THE_KEY"] = "s3cret";
        using Process process = Process.Start(start)!;
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(Stop), error = process.StandardError.ReadToEndAsync(Stop);
            await process.WaitForExitAsync(Stop);
            return new Invocation(process.ExitCode, (await output).ReplaceLineEndings("\n"), await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string[] Messages(JsonElement request) =>
        [.. request.GetProperty("messages").EnumerateArray().Select(message => message.GetRawText())];

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();

    private string Read(string name) => File.ReadAllText(Path.Combine(Project, name));

    private void Write(string name, string text)
    {
        string path = Path.Combine(Project, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
