using System.Diagnostics;
using System.Text;
using System.Text.Json;
using QwenSharp.Hub;
using QwenSharp.Tests.Hub;

namespace QwenSharp.Cli.Tests;

/// <summary><c>pull</c>, <c>list</c>, <c>rm</c>, and names in place of paths: the program itself against a hub on this machine.</summary>
public sealed class HubCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LocalHub _hub = new();

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("list")]
    [InlineData("rm")]
    public async Task Help_shows_usage_examples_and_exit_codes(string command)
    {
        Invocation help = await Invocation.RunAsync(command, "--help");

        Assert.Equal(ExitCode.Ok, help.Code);
        Assert.Contains($"qwensharp {command}", help.Out[help.Out.IndexOf("Examples:", StringComparison.Ordinal)..]);
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("pull", "qwen3:4b", "--list")]
    [InlineData("pull", "--list", "--to", "x")]
    [InlineData("pull", "qwen3:4b", "--hub", "ollama")]
    [InlineData("pull", "qwen3:4b", "--to", "")]
    [InlineData("pull", "https://huggingface.co/Qwen/Qwen3-4B", "--hub", "modelscope")]
    [InlineData("pull", "https://modelscope.cn/models/Qwen/Qwen3-4B", "--endpoint", "https://hf-mirror.com")]
    [InlineData("pull", "https://huggingface.co/Qwen/Qwen3-4B/tree/main", "--revision", "v1")]
    [InlineData("rm")]
    [InlineData("rm", "qwen3:4b", "--json")]
    public async Task What_makes_no_sense_is_a_usage_error(params string[] arguments) =>
        (await Invocation.RunAsync(arguments)).AssertFails(ExitCode.Usage, "");

    [Theory]
    [InlineData("no model at all", "names no model")]
    [InlineData("qwen3", "several sizes: qwen3:0.6b")]
    [InlineData("https://example.org/a/b", "names no model")]
    public async Task What_names_no_model_is_a_failure_that_says_what_does(string name, string said) =>
        (await Invocation.RunAsync("pull", name)).AssertFails(ExitCode.Usage, said);

    [Fact]
    public async Task The_table_of_short_names_is_printed()
    {
        Invocation text = await Invocation.RunAsync("pull", "--list");
        Invocation json = await Invocation.RunAsync("pull", "--list", "--json");

        Assert.Matches(@"qwen3:0\.6b +Qwen/Qwen3-0\.6B-GGUF", text.Out);
        Assert.Equal("Qwen/Qwen3-0.6B-GGUF", json.Json().GetProperty("qwen3:0.6b").GetString());
    }

    [Fact]
    public async Task A_pulled_model_is_listed_answers_by_its_name_and_is_removed()
    {
        string file = ScriptedCheckpoint.Write(_folder["source.gguf"]);
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = File.ReadAllBytes(file);

        Result absent = await RunAsync("run", LocalHub.Repo, "Hi");
        Result pull = await RunAsync("pull", LocalHub.Repo);
        Result answer = await RunAsync("run", LocalHub.Repo, "Hi", "--temperature", "0", "--threads", "1");
        Result inspected = await RunAsync("inspect", LocalHub.Repo, "--json");
        Result list = await RunAsync("list");
        JsonElement listed = Assert.Single((await RunAsync("list", "--json")).Json().EnumerateArray());
        Result refused = await RunAsync("rm", LocalHub.Repo);
        Result removed = await RunAsync("rm", $"{LocalHub.Repo}:q8_0", "--yes", "--json");

        absent.AssertFails($"qwensharp pull {LocalHub.Repo}");
        Assert.Equal($"Asking {_hub.Address.Authority} for {LocalHub.Repo}.", pull.Error.Trim());
        string path = pull.Out.TrimEnd().Split('\n')[^1];
        Assert.StartsWith($"{LocalHub.Repo}:Q8_0 is here", pull.Out);
        Assert.Equal("Hello, world!\n", answer.Out);
        Assert.Equal(ExitCode.Ok, inspected.Code);
        Assert.Matches($@"{LocalHub.Repo}:Q8_0 .*huggingface +{LocalHub.Commit[..7]} ", list.Out);
        Assert.Equal((path, content.Length), (listed.GetProperty("path").GetString(), listed.GetProperty("bytes").GetInt32()));
        Assert.Equal(ExitCode.Usage, refused.Code);
        Assert.InRange(removed.Json().GetProperty("freed_bytes").GetInt64(), content.Length, content.Length + 100);
        Assert.Equal("[]", (await RunAsync("list", "--json")).Out.Trim());
        (await RunAsync("rm", LocalHub.Repo, "--yes")).AssertFails("There is no");
    }

    [Fact]
    public async Task A_served_model_goes_by_the_name_it_was_asked_for()
    {
        _hub.Files["tiny-q8_0.gguf"] = File.ReadAllBytes(ScriptedCheckpoint.Write(_folder["source.gguf"]));
        await RunAsync("pull", LocalHub.Repo);
        using Process server = Start("serve", "--model", LocalHub.Repo, "--port", "0", "--threads", "1");
        try
        {
            Uri address = new((await server.StandardOutput.ReadLineAsync(Stop))!.Split(' ', ';')[2]);
            using HttpClient client = new();
            using JsonDocument models = JsonDocument.Parse(await client.GetStringAsync(new Uri(address, "v1/models"), Stop));

            Assert.Equal(LocalHub.Repo, models.RootElement.GetProperty("data")[0].GetProperty("id").GetString());
        }
        finally
        {
            server.Kill();
        }
    }

    [Fact]
    public async Task Json_tells_where_the_files_are()
    {
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(5000);

        Result pull = await RunAsync("pull", LocalHub.Repo, "--hub", "modelscope", "--to", _folder["mine"], "--json");

        JsonElement pulled = pull.Json();
        Assert.Equal(
            ("modelscope", "Q8_0", 5000),
            (
                pulled.GetProperty("hub").GetString(),
                pulled.GetProperty("quant").GetString(),
                pulled.GetProperty("received_bytes").GetInt32()));
        Assert.Equal(_folder["mine/tiny-q8_0.gguf"], pulled.GetProperty("path").GetString());
        Assert.Equal(content, File.ReadAllBytes(_folder["mine/tiny-q8_0.gguf"]));
        Assert.Empty(pull.Error);
    }

    [Fact]
    public async Task A_killed_pull_leaves_nothing_that_looks_finished_and_goes_on_where_it_was()
    {
        const int Megabyte = 1 << 20, Sent = 20 * Megabyte, Marked = 16 * Megabyte;
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(40 * Megabyte);
        TaskCompletionSource killed = new();
        _hub.Intercept = request =>
            request.IsTransfer ? HubReply.Content(content, request) with { BreakAfter = Sent, Hold = killed.Task } : null;
        string blob = _folder[$"hub/models--Qwen--Tiny-GGUF/blobs/{LocalHub.Sha256(content)}"];

        using (Process process = Start("pull", LocalHub.Repo))
        {
            while (MarkedBytes(blob + ".ranges") < Marked && !process.HasExited)
                await Task.Yield();

            process.Kill();
            await process.WaitForExitAsync(Stop);
        }

        killed.SetResult();
        long marked = MarkedBytes(blob + ".ranges");
        Assert.InRange(marked, Marked, Sent);
        Assert.False(File.Exists(blob));
        Assert.False(Directory.Exists(_folder["hub/models--Qwen--Tiny-GGUF/snapshots"]));
        Assert.Contains("(unfinished)", (await RunAsync("list")).Out);
        (await RunAsync("run", LocalHub.Repo, "Hi")).AssertFails($"qwensharp pull {LocalHub.Repo}");

        _hub.Intercept = _ => null;
        Result again = await RunAsync("pull", LocalHub.Repo, "--json");

        Assert.Equal(content.Length - marked, again.Json().GetProperty("received_bytes").GetInt64());
        Assert.Equal(marked, _hub.Transfers.Last().From);
        Assert.Equal(content, File.ReadAllBytes(again.Json().GetProperty("path").GetString()!));
        Assert.Equal([blob], Directory.GetFiles(Path.GetDirectoryName(blob)!));
    }

    [Fact]
    public async Task Interrupting_a_pull_ends_with_130_and_keeps_what_came()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill, which Windows does not have.");
        byte[] content = _hub.Files["tiny-q8_0.gguf"] = LocalHub.Content(100_000);
        TaskCompletionSource asked = new(), over = new();
        _hub.Intercept = request =>
        {
            if (!request.IsTransfer)
                return null;

            asked.TrySetResult();
            return HubReply.Content(content, request) with { BreakAfter = 60_000, Hold = over.Task };
        };
        using Process process = Start("pull", LocalHub.Repo);
        await asked.Task.WaitAsync(Stop);
        string part = _folder[$"hub/models--Qwen--Tiny-GGUF/blobs/{LocalHub.Sha256(content)}.part"];
        while ((!File.Exists(part) || new FileInfo(part).Length < 60_000) && !process.HasExited)
            await Task.Yield();

        await Signal.EndAsync(process);
        over.SetResult();
        _hub.Intercept = _ => null;
        Result again = await RunAsync("pull", LocalHub.Repo, "--json");

        Assert.Equal(ExitCode.Interrupted, process.ExitCode);
        Assert.Equal(40_000, again.Json().GetProperty("received_bytes").GetInt32());
    }

    [Fact]
    public async Task A_refusal_is_one_line_on_standard_error()
    {
        _hub.Intercept = _ => HubReply.Status(401);

        (await RunAsync("pull", LocalHub.Repo)).AssertFails("HF_TOKEN");
    }

    [Fact]
    public void The_line_of_progress_says_how_far_how_fast_and_how_long()
    {
        string line = Cli.Hub.PullDisplay.Line(
            new PullProgress("a/model.gguf", PullPhase.Transferring, 3L << 30, 4L << 30),
            seconds: 10,
            bytes: 1L << 30);

        Assert.Equal("model.gguf   75 %  3.00 GiB of 4.00 GiB  102.4 MiB/s  00:00:10 left", line);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static long MarkedBytes(string journal)
    {
        const int Header = 56;
        if (!File.Exists(journal))
            return 0;

        using FileStream stream = new(journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[Header + sizeof(long)];
        return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length ? 0 : BitConverter.ToInt64(bytes, Header);
    }

    private async Task<Result> RunAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(Stop);
        string output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        return new Result(process.ExitCode, output.ReplaceLineEndings("\n"), await error);
    }

    private Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new(
            Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet",
            [typeof(ExitCode).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
        };
        foreach (
            string name in start
                .Environment.Keys.Where(name =>
                    name.StartsWith("HF_", StringComparison.Ordinal)
                    || name.StartsWith("HUGGING", StringComparison.Ordinal)
                    || name.StartsWith("MODELSCOPE_", StringComparison.Ordinal))
                .ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HF_ENDPOINT"] = start.Environment["MODELSCOPE_DOMAIN"] = _hub.Address.AbsoluteUri;
        start.Environment["HF_HOME"] = _folder["home"];
        start.Environment["HF_HUB_CACHE"] = _folder["hub"];
        start.Environment["MODELSCOPE_CACHE"] = _folder["modelscope"];
        start.Environment["NO_PROXY"] = "127.0.0.1";
        return Process.Start(start)!;
    }

    private sealed record Result(int Code, string Out, string Error)
    {
        public JsonElement Json()
        {
            Assert.Equal((ExitCode.Ok, ""), (Code, Error));
            using JsonDocument document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }

        public void AssertFails(string message)
        {
            Assert.Equal((ExitCode.Failure, ""), (Code, Out));

            // A pull says first whom it asks.
            Assert.Contains(
                message,
                Assert.Single(Error.TrimEnd().Split('\n'), line => !line.StartsWith("Asking ", StringComparison.Ordinal)));
        }
    }
}
