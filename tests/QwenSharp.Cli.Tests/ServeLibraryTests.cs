using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary><c>serve</c> with models that are loaded when they are asked for, and names that stand for them.</summary>
public sealed class ServeLibraryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("NAME=MODEL", "--alias", "gpt")]
    [InlineData("NAME=MODEL", "--alias", "=m")]
    [InlineData("at the end", "--alias", "g*t=m")]
    [InlineData("two models 'a'", "--alias", "a=1", "--alias", "a=2")]
    [InlineData("--keep-alive", "--keep-alive", "-0.5")]
    [InlineData("--models-folder", "--models-folder", "/no/such/folder")]
    [InlineData("--state", "--state", "")]
    public async Task What_makes_no_sense_is_refused(string said, params string[] arguments) =>
        (await Invocation.RunAsync(["serve", .. arguments])).AssertFails(ExitCode.Usage, said);

    [Fact]
    public async Task An_alias_of_nothing_ends_the_start()
    {
        string model = ScriptedCheckpoint.Write(_folder["tiny.gguf"]);

        Invocation serve = await Invocation.RunAsync("serve", "--model", model, "--port", "0", "--alias", "gpt-4o=absent");

        serve.AssertFails(ExitCode.Failure, "'absent'");
    }

    [Fact]
    public async Task A_model_of_the_folder_answers_to_its_alias_in_every_protocol()
    {
        Directory.CreateDirectory(_folder["models"]);
        ScriptedCheckpoint.Write(_folder["models/other.gguf"], ["Other"]);
        ProcessStartInfo start = ProcessTests.StartInfo(
            "serve", "--model", ScriptedCheckpoint.Write(_folder["tiny.gguf"]), "--port", "0", "--threads", "1", "--models-folder",
            _folder["models"], "--alias", "gpt-*=other", "--keep-alive", "0.001", "--state", _folder["state"]);
        start.Environment["HF_HOME"] = _folder["hf"];
        using Process server = Process.Start(start)!;
        try
        {
            string listening = (await server.StandardOutput.ReadLineAsync(Stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            const string Messages = """
                "messages":[{"role":"user","content":"Hi"}],"stream":false
                """;

            JsonElement openAI = await PostAsync(client, "/v1/chat/completions", $$"""{"model":"gpt-4o",{{Messages}},"temperature":0}""");
            Assert.Equal("Other", openAI.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
            JsonElement ollama = await PostAsync(client, "/api/chat", $$"""{"model":"gpt-5:latest",{{Messages}}}""");
            Assert.Equal("Other", ollama.GetProperty("message").GetProperty("content").GetString());
            for (string loaded = "other"; loaded.Contains("other", StringComparison.Ordinal); await Task.Delay(20, Stop))
                loaded = await client.GetStringAsync("/api/ps", Stop);
        }
        finally
        {
            server.Kill();
        }
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, string json)
    {
        using StringContent body = new(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await client.PostAsync(path, body, Stop);
        return JsonElement.Parse(await reply.Content.ReadAsStringAsync(Stop));
    }
}
