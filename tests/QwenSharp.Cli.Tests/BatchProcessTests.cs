using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace QwenSharp.Cli.Tests;

/// <summary>A batch and a server that is killed in the middle of it, as the system kills: nothing is said, nothing is ended.</summary>
public sealed class BatchProcessTests : IDisposable
{
    private const int Lines = 300;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_killed_server_s_batch_has_each_line_once()
    {
        string model = ScriptedCheckpoint.Write(_folder["tiny.gguf"], ["Grüße", " aus", " 北京"]);
        string batch = "";
        foreach (int enough in (int[])[40, 120, 200])
        {
            await ServeAsync(model, async client =>
            {
                if (batch.Length == 0)
                    batch = await CreateAsync(client);

                JsonElement shown;
                do
                    shown = await GetAsync(client, $"/v1/batches/{batch}");
                while (shown.GetProperty("request_counts").GetProperty("completed").GetInt32() < enough);

                Assert.Equal("in_progress", shown.GetProperty("status").GetString());
            });
        }

        await ServeAsync(model, async client =>
        {
            JsonElement ended;
            do
            {
                await Task.Delay(20, Stop);
                ended = await GetAsync(client, $"/v1/batches/{batch}");
            }
            while (ended.GetProperty("status").GetString() != "completed");

            Assert.Equal(Lines, ended.GetProperty("request_counts").GetProperty("completed").GetInt32());
            string output = await client.GetStringAsync($"/v1/files/{ended.GetProperty("output_file_id").GetString()}/content", Stop);
            JsonElement[] results = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
            Assert.Equal(
                Enumerable.Range(0, Lines).Select(i => $"line-{i}"), results.Select(line => line.GetProperty("custom_id").GetString()));
            Assert.All(results, line => Assert.Equal(
                "Grüße aus 北京",
                line.GetProperty("response").GetProperty("body").GetProperty("choices")[0].GetProperty("message").GetProperty("content")
                    .GetString()));
        });
    }

    private async Task ServeAsync(string model, Func<HttpClient, Task> use)
    {
        ProcessStartInfo start = ProcessTests.StartInfo(
            "serve", "--model", model, "--port", "0", "--threads", "1", "--state", _folder["state"]);
        start.Environment["HF_HOME"] = _folder["hf"];
        using Process server = Process.Start(start)!;
        try
        {
            string listening = (await server.StandardOutput.ReadLineAsync(Stop))!;
            using HttpClient client = new() { BaseAddress = new Uri(listening["Listening on ".Length..listening.IndexOf(';')]) };
            await use(client);
        }
        finally
        {
            // SIGKILL, or what Windows has in its place.
            server.Kill();
            await server.WaitForExitAsync(Stop);
        }
    }

    private static async Task<string> CreateAsync(HttpClient client)
    {
        string lines = string.Join('\n', Enumerable.Range(0, Lines).Select(i =>
            $$$"""
            {"custom_id":"line-{{{i}}}","method":"POST","url":"/v1/chat/completions","body":{"temperature":0,"messages":[{"role":"user","content":"{{{i}}}"}]}}
            """));
        using MultipartFormDataContent form = new()
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "lines.jsonl" },
        };
        using HttpResponseMessage uploaded = await client.PostAsync("/v1/files", form, Stop);
        string file = JsonElement.Parse(await uploaded.Content.ReadAsStringAsync(Stop)).GetProperty("id").GetString()!;
        using StringContent body = new(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage created = await client.PostAsync("/v1/batches", body, Stop);
        return JsonElement.Parse(await created.Content.ReadAsStringAsync(Stop)).GetProperty("id").GetString()!;
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonElement.Parse(await client.GetStringAsync(path, Stop));
}
