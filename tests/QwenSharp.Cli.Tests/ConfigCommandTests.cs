using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using QwenSharp.Cli.Commands;
using QwenSharp.Cli.Config;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Tests;

/// <summary>The configuration file of <c>serve</c>, <c>config check</c>, and the log that it configures.</summary>
public sealed partial class ConfigCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("port: 80\nprot: 80", "2: 'prot' is no key here. Did you mean 'port'?")]
    [InlineData("# why\n\nport: x", "3: port must be a whole number from 0 to 65535, not 'x'.")]
    [InlineData("port:", "1: port has no value.")]
    [InlineData("port: [1, 2]", "1: port must be one value.")]
    [InlineData("log-requests: maybe", "1: log-requests must be true or false.")]
    [InlineData("log-format: jso", "1: log-format must be text or json, not 'jso'. Did you mean 'json'?")]
    [InlineData("tls-cert: no.pem", "1: tls-cert must be a file that is there, not 'no.pem'.")]
    [InlineData("cors-origin: a.example", "1: cors-origin must be *")]
    [InlineData("alias:\n  g*t: box", "2: alias takes a * at the end of a name alone, not 'g*t'.")]
    [InlineData("model: box", "1: 'model' is a key of one of the 'models'.")]
    [InlineData("models: box", "1: models must be a list of models.")]
    [InlineData("models:\n  - name: a", "2: A model needs the key 'model'")]
    [InlineData("models:\n  - model: box\n    port: 1", "3: 'port' is no key here.")]
    [InlineData("models:\n  - model: box\n    contxt: 1", "3: 'contxt' is no key here. Did you mean 'context'?")]
    [InlineData("models:\n  - box\n  - no.gguf", "3: There is no file or folder 'no.gguf'")]
    [InlineData("port: 1\nport: 2", "2: This is no YAML: Duplicate key port")]
    [InlineData("a: [", "This is no YAML")]
    [InlineData("- a", "1: A configuration is keys with values")]
    [InlineData("port: 1\n---\nport: 2", "3: A second document begins here")]
    public async Task What_is_wrong_is_said_with_its_line(string yaml, string said)
    {
        string file = _folder["qwensharp.yaml"];
        await File.WriteAllTextAsync(file, yaml, Stop);

        Invocation check = await Invocation.RunAsync("config", "check", file);

        Assert.Equal(ExitCode.Failure, check.Code);
        string line = Assert.Single(check.Out.TrimEnd().Split('\n'));
        Assert.StartsWith($"{file}:", line);
        Assert.Contains(said, line);
        if (!said.Contains("no.gguf", StringComparison.Ordinal))
            (await Invocation.RunAsync("serve", "--config", file, "--port", "0")).AssertFails(ExitCode.Usage, line);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing")]
    [InlineData("port: 0\nkeep-alive: -1\nprefix-cache: false\nmetrics: true\ncors-origin: '*'\nmodels: [box]")]
    public async Task Of_what_is_well_nothing_is_said(string yaml)
    {
        await File.WriteAllTextAsync(_folder["qwensharp.yaml"], yaml, Stop);
        Invocation check = await Invocation.RunAsync("config", "check", _folder["qwensharp.yaml"]);
        Assert.Equal((ExitCode.Ok, "", ""), (check.Code, check.Out, check.Error));
    }

    [Fact]
    public async Task What_options_want_of_each_other_is_asked_of_the_whole()
    {
        await File.WriteAllTextAsync(_folder["cert.pem"], "", Stop);
        await File.WriteAllTextAsync(_folder["qwensharp.yaml"], $"tls-cert: {_folder["cert.pem"]}", Stop);
        Invocation check = await Invocation.RunAsync("config", "check", _folder["qwensharp.yaml"]);
        Assert.Equal(ExitCode.Failure, check.Code);
        Assert.Contains("--tls-cert and --tls-key go together.", check.Out);
    }

    [Fact]
    public void The_command_line_comes_before_a_model_and_a_model_before_the_file()
    {
        using Terminal terminal = new(Stream.Null, TextWriter.Null, TextWriter.Null);
        Command serve = ServeCommand.Create(terminal);
        File.WriteAllText(
            _folder["qwensharp.yaml"],
            "port: 1\ncontext: 100\nkv: f32\nmax-running: 7\nalias:\n  a: b\nmodels:\n  - model: box\n    context: 200\n    max-running: 8");
        ServeFile file = ServeFile.Read(_folder["qwensharp.yaml"], serve);
        Assert.Empty(file.Problems);
        ParseResult given = serve.Parse(["--port", "2", "--max-running=9", "--alias", "c=d"], CommandTree.Parsing);

        ParseResult all = file.Merge(given), own = file.Merge(given, Assert.Single(file.Models));

        Assert.Equal((2, 100, "f32", 9), Read(all));
        Assert.Equal((2, 200, "f32", 9), Read(own));
        Assert.Equal(["c=d"], all.GetValue<string[]>("--alias")!);

        static (int Port, int Context, string? Kv, int? Running) Read(ParseResult parsed) => (
            parsed.GetValue<int>("--port"),
            parsed.GetValue<int>("--context"),
            parsed.GetValue<string>("--kv"),
            parsed.GetValue<int?>("--max-running"));
    }

    [Fact]
    public async Task Models_of_the_file_are_served_under_their_names_and_the_log_holds_no_prompt()
    {
        ScriptedCheckpoint.Write(_folder["one.gguf"]);
        await File.WriteAllTextAsync(
            _folder["qwensharp.yaml"],
            $"""
            port: 0
            threads: 1
            log-requests: true
            log-format: json
            models:
              - model: {_folder["one.gguf"]}
                name: first
                context: 64
              - model: {_folder["one.gguf"]}
                name: second
            """,
            Stop);
        string log = await ServeAsync(async client =>
        {
            JsonElement models = JsonElement.Parse(await client.GetStringAsync("/v1/models", Stop));
            Assert.Equal(
                ["first", "second"], models.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!));
            await AskAsync(client);
        });

        Assert.DoesNotContain("sunflower", log);
        JsonElement line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(text => text.StartsWith('{'))
            .Select(text => JsonElement.Parse(text).GetProperty("State"))
            .Single(state => state.GetProperty("Path").GetString() == "/v1/chat/completions");
        Assert.Equal(200, line.GetProperty("Status").GetInt32());
        Assert.Equal("first", line.GetProperty("Model").GetString());
        Assert.True(line.GetProperty("PromptTokens").GetInt32() > 0);

        Assert.Contains("sunflower", await ServeAsync(AskAsync, "--log-prompts"));
    }

    [Fact]
    public void The_documented_keys_are_those_that_are_read()
    {
        using Terminal terminal = new(Stream.Null, TextWriter.Null, TextWriter.Null);
        Command serve = ServeCommand.Create(terminal);
        Assert.Equal(ServeFile.Keys(serve), DocumentedKeys("### Keys\n").Order(StringComparer.Ordinal));
        Assert.Equal(ServeFile.KeysOfModel, DocumentedKeys("### Keys of a model\n"));

        string example = Documentation.Split("```yaml\n")[1].Split("```")[0];
        File.WriteAllText(_folder["example.yaml"], example);
        Assert.Empty(ServeFile.Read(_folder["example.yaml"], serve).Problems);
    }

    private static string Documentation => File.ReadAllText(Checkout.PathOf("docs", "serving.md")).ReplaceLineEndings("\n");

    private static IEnumerable<string> DocumentedKeys(string heading) => Documentation
        .Split(heading)[1]
        .Split("\n#")[0]
        .Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .SelectMany(line => Quoted().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value));

    private static async Task AskAsync(HttpClient client)
    {
        using StringContent body = new(
            """{"model":"first","messages":[{"role":"user","content":"sunflower"}],"max_tokens":2}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await client.PostAsync("/v1/chat/completions", body, Stop);
        Assert.Equal(200, (int)reply.StatusCode);
    }

    /// <summary>Serves by the configuration for as long as something is done with it, and gives the log.</summary>
    private async Task<string> ServeAsync(Func<HttpClient, Task> work, params string[] arguments)
    {
        using Process server = Process.Start(
            ProcessTests.StartInfo(["serve", "--config", _folder["qwensharp.yaml"], .. arguments]))!;
        Task<string> log = server.StandardError.ReadToEndAsync(Stop);
        try
        {
            string listening = (await server.StandardOutput.ReadLineAsync(Stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            await work(client);
            await Signal.EndAsync(server, "-TERM");
        }
        finally
        {
            server.Kill();
        }

        return await log;
    }

    [GeneratedRegex("`([a-z-]+)`")]
    private static partial Regex Quoted();
}
