using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Server.State;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.State;

/// <summary>Files and batches, in SQLite and in PostgreSQL.</summary>
public sealed class BatchTests(PostgresServer postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Databases => ["sqlite", "postgres"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_file_comes_back_as_it_was_sent(string database)
    {
        await using ScriptedServer server = await StartAsync(await PlaceAsync(database));
        byte[] content = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 7 % 251))];

        JsonNode file = await UploadAsync(server, content, "user_data", "Grüße.bin");

        Assert.Equal(("file", 3_000_000, "Grüße.bin", "user_data"), (
            file["object"]!.GetValue<string>(),
            file["bytes"]!.GetValue<long>(),
            file["filename"]!.GetValue<string>(),
            file["purpose"]!.GetValue<string>()));
        string id = file["id"]!.GetValue<string>();
        Assert.Equal(content, await server.Http.GetByteArrayAsync($"/v1/files/{id}/content", Token));
        Assert.Equal(id, (await GetAsync(server, $"/v1/files/{id}"))["id"]!.GetValue<string>());
        Assert.Single((await GetAsync(server, "/v1/files?purpose=user_data&limit=5"))["data"]!.AsArray());
        Assert.Empty((await GetAsync(server, "/v1/files?purpose=batch"))["data"]!.AsArray());

        using HttpResponseMessage gone = await server.Http.DeleteAsync($"/v1/files/{id}", Token);
        Assert.Equal("""{"id":"%","object":"file","deleted":true}""".Replace("%", id), await gone.Content.ReadAsStringAsync(Token));
        using HttpResponseMessage missing = await server.Http.GetAsync($"/v1/files/{id}", Token);
        Assert.Equal(404, (int)missing.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_batch_answers_every_line_once_in_files(string database)
    {
        await using ScriptedServer server = await StartAsync(await PlaceAsync(database));
        string lines = string.Join('\n', Enumerable.Range(0, 30).Select(i => Line($"line-{i}", $"word {i}")))
            + "\n" + Line("bad", "Hi", ",\"colour\":1") + "\n" + Line("streamed", "Hi", ",\"stream\":true") + "\n\n";

        JsonNode batch = await CreateAsync(server, lines, """{"note":"x"}""");
        Assert.Equal("validating", batch["status"]!.GetValue<string>());
        batch = await EndAsync(server, batch);

        Assert.Equal("completed", batch["status"]!.GetValue<string>());
        Assert.Equal("""{"total":32,"completed":30,"failed":2}""", batch["request_counts"]!.ToJsonString());
        Assert.Equal("""{"note":"x"}""", batch["metadata"]!.ToJsonString());
        JsonNode[] results = await LinesAsync(server, batch["output_file_id"]!);
        Assert.Equal(
            Enumerable.Range(0, 30).Select(i => ($"line-{i}", 200, $"word {i}")),
            results.Select(line => (
                line["custom_id"]!.GetValue<string>(),
                line["response"]!["status_code"]!.GetValue<int>(),
                line["response"]!["body"]!["choices"]![0]!["message"]!["content"]!.GetValue<string>())));
        JsonNode[] errors = await LinesAsync(server, batch["error_file_id"]!);
        Assert.Equal(["bad", "streamed"], errors.Select(line => line["custom_id"]!.GetValue<string>()));
        Assert.Equal("colour", errors[0]["response"]!["body"]!["error"]!["param"]!.GetValue<string>());
        Assert.Single((await GetAsync(server, "/v1/batches"))["data"]!.AsArray());
    }

    [Fact]
    public async Task Wrong_lines_fail_a_batch_by_their_numbers()
    {
        await using ScriptedServer server = await StartAsync(_folder["state"]);
        string lines = Line("a", "Hi") + "\n{\n" + Line("a", "Hi") + "\n" + Line("b", "Hi").Replace("/v1/chat", "/v2/chat");

        JsonNode batch = await EndAsync(server, await CreateAsync(server, lines));

        Assert.Equal("failed", batch["status"]!.GetValue<string>());
        Assert.Equal(
            [("invalid_json_line", 2), ("duplicate_custom_id", 3), ("mismatched_url", 4)],
            batch["errors"]!["data"]!.AsArray().Select(error => (error!["code"]!.GetValue<string>(), error["line"]!.GetValue<int>())));
    }

    [Fact]
    public async Task A_cancelled_batch_keeps_what_was_answered()
    {
        TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => call.Messages[^1].Text == "wait"
                ? Scripts.Wait(running, Task.Delay(Timeout.Infinite, token))(call, token)
                : Scripts.Echo(call, token),
            options => options with { State = _folder["state"] });
        JsonNode batch = await CreateAsync(server, Line("a", "one") + "\n" + Line("b", "wait"));
        await running.Task.WaitAsync(Token);
        while ((await GetAsync(server, $"/v1/batches/{batch["id"]}"))["request_counts"]!["completed"]!.GetValue<int>() == 0)
            await Task.Delay(20, Token);

        (int status, JsonNode cancelled) = await server.AskAsync($"/v1/batches/{batch["id"]}/cancel", "");
        Assert.Equal((200, "cancelling"), (status, cancelled["status"]!.GetValue<string>()));
        batch = await EndAsync(server, batch);

        Assert.Equal("cancelled", batch["status"]!.GetValue<string>());
        Assert.Equal("a", Assert.Single(await LinesAsync(server, batch["output_file_id"]!))["custom_id"]!.GetValue<string>());
        (status, _) = await server.AskAsync($"/v1/batches/{batch["id"]}/cancel", "");
        Assert.Equal(409, status);
    }

    [Fact]
    public async Task Batches_yield_to_requests_and_go_on_beside_them()
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) =>
            {
                if (call.Messages[^1].Text != "mine")
                    return Scripts.Echo(call, token);

                Interlocked.Increment(ref asked);
                return Scripts.Wait(new TaskCompletionSource(), end.Task)(call, token);
            },
            options => options with { State = _folder["state"] });
        Task<(int Status, JsonNode Body)>[] others =
            [.. Enumerable.Range(0, 3).Select(_ => server.ChatAsync(messages: """[{"role":"user","content":"mine"}]"""))];
        while (Volatile.Read(ref asked) < 3)
            await Task.Delay(5, Token);

        JsonNode batch = await CreateAsync(server, string.Join('\n', Enumerable.Range(0, 20).Select(i => Line($"l{i}", "Hi"))));
        batch = await EndAsync(server, batch);

        Assert.Equal("""{"total":20,"completed":20,"failed":0}""", batch["request_counts"]!.ToJsonString());
        end.SetResult();
        foreach ((int status, _) in await Task.WhenAll(others))
            Assert.Equal(200, status);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_was_going_on_is_gone_on_with_after_a_restart(string database)
    {
        string place = await PlaceAsync(database);
        string lines = string.Join('\n', Enumerable.Range(0, 12).Select(i => Line($"line-{i}", i < 6 ? $"word {i}" : "wait")));
        JsonNode batch;
        await using (ScriptedServer first = await ScriptedServer.StartAsync(
            (call, token) => call.Messages[^1].Text == "wait"
                ? Scripts.Wait(new TaskCompletionSource(), Task.Delay(Timeout.Infinite, token))(call, token)
                : Scripts.Echo(call, token),
            options => options with { State = place }))
        {
            batch = await CreateAsync(first, lines);
            while ((await GetAsync(first, $"/v1/batches/{batch["id"]}"))["request_counts"]!["completed"]!.GetValue<int>() < 6)
                await Task.Delay(20, Token);
        }

        await using ScriptedServer second = await StartAsync(place);
        batch = await EndAsync(second, batch);
        JsonNode[] results = await LinesAsync(second, batch["output_file_id"]!);
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => ($"line-{i}", i < 6 ? $"word {i}" : "wait")),
            results.Select(line => (
                line["custom_id"]!.GetValue<string>(),
                line["response"]!["body"]!["choices"]![0]!["message"]!["content"]!.GetValue<string>())));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Batches_of_messages_have_results_of_their_own(string database)
    {
        await using ScriptedServer server = await StartAsync(await PlaceAsync(database));
        const string Params = """{"model":"scripted","max_tokens":9,"messages":[{"role":"user","content":"one two"}]""";
        (int status, JsonNode batch) = await server.AskAsync(
            "/v1/messages/batches",
            $$$"""{"requests":[{"custom_id":"a","params":{{{Params}}}}},{"custom_id":"b","params":{{{Params}}},"colour":1}}]}""");
        Assert.Equal((200, "in_progress", 2), (
            status, batch["processing_status"]!.GetValue<string>(), batch["request_counts"]!["processing"]!.GetValue<int>()));
        string path = $"/v1/messages/batches/{batch["id"]}";
        while (batch["processing_status"]!.GetValue<string>() != "ended")
        {
            await Task.Delay(20, Token);
            batch = await GetAsync(server, path);
        }

        Assert.Equal(
            """{"processing":0,"succeeded":1,"errored":1,"canceled":0,"expired":0}""", batch["request_counts"]!.ToJsonString());
        string text = await server.Http.GetStringAsync(batch["results_url"]!.GetValue<string>(), Token);
        JsonNode[] results = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(["a", "b"], results.Select(result => result["custom_id"]!.GetValue<string>()));
        Assert.Equal("one two", results[0]["result"]!["message"]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.Equal(
            ("errored", "invalid_request_error"),
            (results[1]["result"]!["type"]!.GetValue<string>(), results[1]["result"]!["error"]!["error"]!["type"]!.GetValue<string>()));
        Assert.Single((await GetAsync(server, "/v1/messages/batches"))["data"]!.AsArray());
        using HttpResponseMessage gone = await server.Http.DeleteAsync(path, Token);
        Assert.Equal(200, (int)gone.StatusCode);
        using HttpResponseMessage missing = await server.Http.GetAsync(path, Token);
        Assert.Equal(404, (int)missing.StatusCode);
    }

    [Fact]
    public async Task Who_has_another_key_sees_no_files_and_batches()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string ann) = await keys.CreateAsync(new ApiKeyTerms("ann"), Token);
        (_, string bob) = await keys.CreateAsync(new ApiKeyTerms("bob"), Token);
        (_, string chats) = await keys.CreateAsync(new ApiKeyTerms("chats") { Endpoints = ["chat"] }, Token);
        await using ScriptedServer server = await StartAsync(place);

        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ann);
        JsonNode batch = await EndAsync(server, await CreateAsync(server, Line("a", "one two")));
        Assert.Single(await LinesAsync(server, batch["output_file_id"]!));

        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bob);
        Assert.Empty((await GetAsync(server, "/v1/files"))["data"]!.AsArray());
        using HttpResponseMessage file = await server.Http.GetAsync($"/v1/files/{batch["output_file_id"]}/content", Token);
        using HttpResponseMessage other = await server.Http.GetAsync($"/v1/batches/{batch["id"]}", Token);
        Assert.Equal((404, 404), ((int)file.StatusCode, (int)other.StatusCode));

        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", chats);
        using HttpResponseMessage scope = await server.Http.GetAsync("/v1/files", Token);
        Assert.Equal(403, (int)scope.StatusCode);
    }

    [Fact]
    public async Task A_server_without_state_says_so()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);

        using HttpResponseMessage reply = await server.Http.GetAsync("/v1/files", Token);

        Assert.Equal(501, (int)reply.StatusCode);
        Assert.Contains("keeps no state", await reply.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task The_official_client_uploads_and_batches()
    {
        await NodeScript.PrepareAsync("openai-sdk", "openai");
        await using ScriptedServer server = await StartAsync(_folder["state"]);

        string output = await NodeScript.RunAsync("openai-sdk", "batches.mjs", new Uri(server.Server.Address, "/v1").ToString());

        Assert.Equal(4, output.Split("ok: ").Length - 1);
    }

    private static string Line(string id, string words, string more = "") =>
        $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"scripted","messages":[{"role":"user","content":"{{{words}}}"}]{{{more}}}}}""";

    private static Task<ScriptedServer> StartAsync(string place) =>
        ScriptedServer.StartAsync(Scripts.Echo, options => options with { State = place });

    private static async Task<JsonNode> GetAsync(ScriptedServer server, string path) =>
        JsonNode.Parse(await server.Http.GetStringAsync(path, Token))!;

    private static async Task<JsonNode> UploadAsync(ScriptedServer server, byte[] content, string purpose, string name)
    {
        using MultipartFormDataContent form = new()
        {
            { new StringContent(purpose), "purpose" },
            { new ByteArrayContent(content), "file", name },
        };
        using HttpResponseMessage reply = await server.Http.PostAsync("/v1/files", form, Token);
        string text = await reply.Content.ReadAsStringAsync(Token);
        Assert.True(reply.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task<JsonNode> CreateAsync(ScriptedServer server, string lines, string? metadata = null)
    {
        JsonNode file = await UploadAsync(server, Encoding.UTF8.GetBytes(lines), "batch", "lines.jsonl");
        (int status, JsonNode batch) = await server.AskAsync(
            "/v1/batches",
            $$"""
            {"input_file_id":"{{file["id"]}}","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{{metadata ?? "null"}}}
            """);
        Assert.True(status == 200, batch.ToJsonString());
        return batch;
    }

    private static async Task<JsonNode> EndAsync(ScriptedServer server, JsonNode batch)
    {
        string[] ends = ["completed", "failed", "cancelled", "expired"];
        while (!ends.Contains(batch["status"]!.GetValue<string>()))
        {
            await Task.Delay(20, Token);
            batch = await GetAsync(server, $"/v1/batches/{batch["id"]}");
        }

        return batch;
    }

    private static async Task<JsonNode[]> LinesAsync(ScriptedServer server, JsonNode file)
    {
        string text = await server.Http.GetStringAsync($"/v1/files/{file}/content", Token);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private async Task<string> PlaceAsync(string database) =>
        database == "sqlite" ? _folder["state"] : await postgres.NewDatabaseAsync();
}
