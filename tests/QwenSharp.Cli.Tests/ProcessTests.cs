using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>The program as its users run it: a process with pipes, exit codes and signals.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pipes_carry_UTF8_both_ways_without_a_byte_order_mark()
    {
        string model = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);
        using Process process = Start("tokenize", model, "--decode", "--jsonl");

        await process.StandardInput.BaseStream.WriteAsync("{\"ids\": [195, 169]}\n"u8.ToArray(), Stop);
        await process.StandardInput.FlushAsync(Stop);
        // The answer comes before the input ends: a program can hold a dialogue.
        string? line = await process.StandardOutput.ReadLineAsync(Stop);
        process.StandardInput.Close();
        await process.WaitForExitAsync(Stop);

        Assert.Equal("{\"text\":\"é\"}", line);
        Assert.Equal(ExitCode.Ok, process.ExitCode);
    }

    [Fact]
    public async Task A_prompt_from_a_pipe_gets_an_answer_without_escape_sequences()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        using Process process = Start("run", model, "--temperature", "0", "--threads", "1");

        await process.StandardInput.WriteAsync("Hi");
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);

        Assert.Equal((0, "Hello, world!\n"), (process.ExitCode, output.ReplaceLineEndings("\n")));
    }

    [Fact]
    public async Task Exit_codes_and_standard_error_tell_what_went_wrong()
    {
        using Process usage = Start("tokenize");
        using Process failure = Start("inspect", _folder["absent.gguf"]);
        string error = await failure.StandardError.ReadToEndAsync(Stop);
        await Task.WhenAll(usage.WaitForExitAsync(Stop), failure.WaitForExitAsync(Stop));

        Assert.Equal((ExitCode.Usage, ExitCode.Failure), (usage.ExitCode, failure.ExitCode));
        Assert.StartsWith("qwensharp: ", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task Standard_output_on_a_full_disk_is_one_line()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no device here that is always full.");
        string model = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);
        ProcessStartInfo start = StartInfo("tokenize", model, "Hi");
        ProcessStartInfo shell = new("sh", ["-c", "exec \"$@\" > /dev/full", "sh", start.FileName, .. start.ArgumentList])
        {
            RedirectStandardError = true,
        };
        using Process process = Process.Start(shell)!;
        string error = await process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);

        Assert.Equal(ExitCode.Failure, process.ExitCode);
        Assert.StartsWith("qwensharp: ", Assert.Single(error.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        using System.Net.Sockets.TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        using Process server = Start("serve", "--model", ScriptedCheckpoint.Write(_folder["model.gguf"]), "--port", $"{port}");
        string error = await server.StandardError.ReadToEndAsync(Stop);
        await server.WaitForExitAsync(Stop);

        Assert.Equal(ExitCode.Failure, server.ExitCode);
        Assert.Contains($"{port}", Assert.Single(error.TrimEnd().Split('\n')));
        Assert.StartsWith("qwensharp: ", error);
    }

    [Theory]
    [InlineData("secret", 401)]
    [InlineData("", null)]
    public async Task The_key_of_a_server_may_come_from_the_environment(string key, int? status)
    {
        ProcessStartInfo start = StartInfo(
            "serve",
            "--model",
            ScriptedCheckpoint.Write(_folder["model.gguf"]),
            "--port",
            "0",
            "--threads",
            "1");
        start.Environment["QWENSHARP_API_KEY"] = key;
        using Process process = Process.Start(start)!;
        if (status is null)
        {
            await process.WaitForExitAsync(Stop);
            Assert.Equal(ExitCode.Usage, process.ExitCode);
            return;
        }

        try
        {
            string listening = (await process.StandardOutput.ReadLineAsync(Stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            using HttpResponseMessage refused = await client.GetAsync("/v1/models", Stop);
            Assert.Equal(status, (int)refused.StatusCode);

            client.DefaultRequestHeaders.Authorization = new("Bearer", key);
            using HttpResponseMessage allowed = await client.GetAsync("/v1/models", Stop);
            Assert.Equal(200, (int)allowed.StatusCode);
        }
        finally
        {
            process.Kill();
        }
    }

    [Theory]
    [InlineData("-INT", ExitCode.Interrupted)]
    [InlineData("-TERM", ExitCode.Ok)]
    public async Task A_signal_ends_a_server(string signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill, which Windows does not have.");
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        using Process process = Start("serve", "--model", model, "--port", "0", "--threads", "1");
        string? listening = await process.StandardOutput.ReadLineAsync(Stop);
        Assert.Contains("http://127.0.0.1:", listening);

        await Signal.EndAsync(process, signal);

        Assert.Equal(code, process.ExitCode);
    }

    [Fact]
    public async Task What_prompts_go_on_from_outlives_a_server()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill, which Windows does not have.");
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]), cache = _folder["cache"];
        string file = Path.Combine(cache, "model.qwprefix");
        (int first, string said) = await AskAsync("-TERM");
        Assert.Equal((0, ""), (first, said));
        Assert.Equal([file], Directory.GetFiles(cache));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        // Who is killed loses what is not saved, and nothing else.
        byte[] saved = File.ReadAllBytes(file);
        (int second, said) = await AskAsync("-KILL");
        Assert.InRange(second, 60, 200);
        Assert.Equal("", said);
        Assert.Equal(saved, File.ReadAllBytes(file));

        saved[^30] ^= 1;
        File.WriteAllBytes(file, saved);
        (_, said) = await AskAsync("-TERM");
        Assert.Contains($"The saved prefix cache {file} is damaged", said, StringComparison.Ordinal);

        // A folder that cannot be made is an error at once.
        using Process refused = Start("serve", "--model", model, "--port", "0", "--cache-dir", Path.Combine(model, "cache"));
        string error = await refused.StandardError.ReadToEndAsync(Stop);
        await refused.WaitForExitAsync(Stop);
        Assert.Equal(ExitCode.Failure, refused.ExitCode);
        Assert.StartsWith("qwensharp: ", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);

        async Task<(int Cached, string Said)> AskAsync(string signal)
        {
            using Process server = Start("serve", "--model", model, "--port", "0", "--threads", "1", "--cache-dir", cache);
            string listening = (await server.StandardOutput.ReadLineAsync(Stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            string body = $$"""{"model": "model", "prompt": "{{string.Join(' ', Enumerable.Range(0, 60))}}", "max_tokens": 3}""";
            using StringContent content = new(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage reply = await client.PostAsync("/v1/completions", content, Stop);
            using JsonDocument json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(Stop));
            int cached = json.RootElement.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
            await Signal.EndAsync(server, signal);
            return (cached, await server.StandardError.ReadToEndAsync(Stop));
        }
    }

    [Theory]
    [InlineData("-INT", ExitCode.Interrupted)]
    [InlineData("-TERM", ExitCode.Terminated)]
    public async Task A_signal_ends_a_one_shot_answer_with_its_code(string signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill, which Windows does not have.");
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        using Process process = Start("run", model);

        // It waits for the piped prompt to end, which it never does.
        await process.StandardInput.WriteAsync("Hi");
        await process.StandardInput.FlushAsync(Stop);
        await HandlesInterrupts(process);
        await Signal.EndAsync(process, signal);

        Assert.Equal(code, process.ExitCode);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Waits until the process handles SIGINT; before, it would die of it.</summary>
    private static async Task HandlesInterrupts(Process process)
    {
        // Bit 1 of SigCgt says that a handler for SIGINT (2) is in place.
        string status = $"/proc/{process.Id}/status";
        while (File.Exists(status) && !Catches(await File.ReadAllLinesAsync(status, Stop)))
            await Task.Yield();
    }

    private static bool Catches(string[] status) =>
        status.FirstOrDefault(line => line.StartsWith("SigCgt:", StringComparison.Ordinal)) is { } line
        && (Convert.ToUInt64(line["SigCgt:".Length..].Trim(), 16) & 0b10) != 0;

    private static Process Start(params string[] arguments) => Process.Start(StartInfo(arguments))!;

    internal static ProcessStartInfo StartInfo(params string[] arguments) => new(
        Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet",
        [typeof(ExitCode).Assembly.Location, .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        StandardOutputEncoding = new System.Text.UTF8Encoding(false),
    };
}
