using System.Diagnostics;
using System.Text;
using System.Text.Json;
using QwenSharp.Cli.Tests.Code;
using QwenSharp.Tests.Hub;

namespace QwenSharp.Cli.Tests;

/// <summary>The program as somebody at a terminal uses it: in a pseudo-terminal, which script(1) of util-linux makes.</summary>
public sealed class PseudoTerminalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringBuilder _seen = new();
    private Process? _process;

    public void Dispose()
    {
        if (_process is { HasExited: false })
            _process.Kill(entireProcessTree: true);

        _process?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_paste_is_one_message_and_what_was_typed_lasts()
    {
        Start("run", ScriptedCheckpoint.Write(_folder["model.gguf"]), "--temperature", "0", "--threads", "1");
        await Sees(">>> ");
        await Types("\e[200~one\rtwo\r\e[201~");
        await Sees("two");
        await Types("three\r");
        await Sees("Hello, world!");
        await Sees("(context ");
        await Sees(">>> ");
        // Programs that type end a line with a line feed.
        await Types($"/save {_folder["chat.json"]}\n");
        await Sees("Saved 2 messages");
        await Types("\u0004");
        await Ends(ExitCode.Ok);

        using JsonDocument saved = JsonDocument.Parse(File.ReadAllText(_folder["chat.json"]));
        Assert.Equal("one\ntwo\nthree", saved.RootElement.GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.Equal("\"one\\ntwo\\nthree\"", File.ReadAllLines(_folder["state/qwensharp/history"])[0]);
    }

    [Fact]
    public async Task Ctrl_C_at_an_empty_prompt_ends_with_130()
    {
        Start("run", ScriptedCheckpoint.Write(_folder["model.gguf"]), "--threads", "1");
        await Sees(">>> ");
        await Types("something\u0003\u0003");
        await Ends(ExitCode.Interrupted);
    }

    [Theory]
    [InlineData("y", ExitCode.Ok, "Hello, world!")]
    [InlineData("", ExitCode.Failure, "qwensharp pull Qwen/Tiny-GGUF")]
    public async Task A_model_that_is_not_here_is_offered(string answer, int code, string seen)
    {
        using LocalHub hub = new();
        hub.Files["tiny-q8_0.gguf"] = File.ReadAllBytes(ScriptedCheckpoint.Write(_folder["source.gguf"]));
        Start(hub, "run", LocalHub.Repo, "Hi", "--temperature", "0", "--threads", "1");
        await Sees("Qwen/Tiny-GGUF is not on this machine; pulling it brings ");
        await Sees("Pull it now? [y/N] ");
        await Types(answer + "\r");
        await Sees(seen);
        await Ends(code);
    }

    [Fact]
    public async Task An_agent_asks_before_it_changes_files_and_shows_what_it_did()
    {
        const string write = """{"calls": [{"name": "write_file", "arguments": {"file_path": "new.txt", "content": "text\n"}}]}""";
        using FakeEndpoint endpoint = new(write, """{"text": "It is written."}""", write, """{"text": "Then not."}""");
        Directory.CreateDirectory(_folder["project"]);
        Start("code", "--base-url", endpoint.Url, "--model", "any", "--cwd", _folder["project"]);
        await Sees("> ");
        await Types("Write it.\r");
        await Sees("Allow it?");
        Assert.False(File.Exists(_folder["project/new.txt"]));
        await Types("y\r");
        await Sees("It is written.");
        await Sees("tokens in the context");
        Assert.Equal("text\n", File.ReadAllText(_folder["project/new.txt"]));

        await Sees("> ");
        await Types("Again.\r");
        await Sees("Allow it?");
        await Types("use another name\r");
        await Sees("Then not.");
        Assert.Contains("the person said: use another name", endpoint.Requests.Last().GetRawText());

        await Sees("> ");
        await Types("/permissions\r");
        await Sees("Mode ask.");
        await Types("\u0004");
        await Ends(ExitCode.Ok);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private void Start(params string[] arguments) => Start(null, arguments);

    private void Start(LocalHub? hub, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "There is no script(1) of util-linux here.");
        string dotnet = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet";
        string[] words = [dotnet, typeof(ExitCode).Assembly.Location, .. arguments];
        string command = string.Join(' ', words.Select(word => $"'{word}'"));
        ProcessStartInfo start = new("/usr/bin/script", ["-qfec", $"stty cols 300 rows 24; exec {command}", "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("HF_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);

        start.Environment["TERM"] = "xterm";
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["XDG_STATE_HOME"] = _folder["state"];
        start.Environment["QWENSHARP_AGENT_DATA"] = _folder["agent"];
        start.Environment["HF_HUB_CACHE"] = _folder["hub"];
        start.Environment["NO_PROXY"] = "127.0.0.1";
        if (hub is not null)
            start.Environment["HF_ENDPOINT"] = hub.Address.AbsoluteUri;

        _process = Process.Start(start)!;
    }

    private async Task Types(string keys)
    {
        await _process!.StandardInput.WriteAsync(keys.AsMemory(), Stop);
        await _process.StandardInput.FlushAsync(Stop);
    }

    /// <summary>Waits until a text is shown, behind what was waited for before.</summary>
    private async Task Sees(string text)
    {
        char[] buffer = new char[1024];
        int at;
        while ((at = _seen.ToString().IndexOf(text, StringComparison.Ordinal)) < 0)
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            patience.CancelAfter(TimeSpan.FromMinutes(1));
            int count;
            try
            {
                count = await _process!.StandardOutput.ReadAsync(buffer.AsMemory(), patience.Token);
            }
            catch (OperationCanceledException) when (!Stop.IsCancellationRequested)
            {
                count = 0;
            }

            Assert.True(count > 0, $"'{text}' is not to be seen in: {_seen}");
            _seen.Append(buffer, 0, count);
        }

        _seen.Remove(0, at + text.Length);
    }

    private async Task Ends(int code)
    {
        _seen.Append(await _process!.StandardOutput.ReadToEndAsync(Stop));
        await _process.WaitForExitAsync(Stop);
        Assert.True(code == _process.ExitCode, $"{_process.ExitCode} in place of {code}: {_seen}");
    }
}
