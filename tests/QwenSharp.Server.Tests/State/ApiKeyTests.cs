using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Server.State;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.State;

/// <summary>Keys of the state let in, keep out and limit, in SQLite and in PostgreSQL.</summary>
public sealed class ApiKeyTests(PostgresServer postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Databases => ["sqlite", "postgres"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_running_server_sees_keys_come_and_go(string database)
    {
        string place = await PlaceAsync(database);
        await using ScriptedServer server = await StartAsync(place);
        Assert.Equal(200, (await ChatAsync(server, null)).Status);

        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (ApiKey key, string text) = await keys.CreateAsync(new ApiKeyTerms("ann"), Token);
        await Task.Delay(1500, Token);

        Assert.StartsWith(key.Id + "_", text);
        Assert.Contains("needs an API key", ScriptedServer.AssertError(await ChatAsync(server, null), 401, null, "invalid_api_key"));
        Assert.Contains("unknown", ScriptedServer.AssertError(await ChatAsync(server, text + "x"), 401, null, "invalid_api_key"));
        Assert.Contains("unknown", ScriptedServer.AssertError(await ChatAsync(server, "sk-other"), 401, null, "invalid_api_key"));
        Assert.Equal(200, (await ChatAsync(server, text)).Status);

        Assert.True(await keys.RevokeAsync(key.Id, Token));
        Assert.False(await keys.RevokeAsync(key.Id, Token));
        await Task.Delay(1500, Token);
        Assert.Contains("revoked", ScriptedServer.AssertError(await ChatAsync(server, text), 401, null, "invalid_api_key"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_a_key_uses_is_written_down(string database)
    {
        string place = await PlaceAsync(database);
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (ApiKey key, string text) = await keys.CreateAsync(new ApiKeyTerms("ann"), Token);
        await using (ScriptedServer server = await StartAsync(place))
        {
            await ChatAsync(server, text);
            await ChatAsync(server, text, """{"model":"scripted","n":2,"messages":[{"role":"user","content":"one two"}]}""");
        }

        KeyUsage used = Assert.Single(await keys.UsageAsync(Token));
        Assert.Equal((key.Id, "scripted", 2, 14), (used.KeyId, used.Model, used.Requests, used.PromptTokens));
        Assert.Equal(1 + 2 + 2, used.CompletionTokens);
    }

    [Fact]
    public async Task Nothing_of_a_key_s_secret_is_kept()
    {
        string place = _folder["state"];
        await using (ApiKeyStore keys = ApiKeyStore.At(place))
        {
            (_, string text) = await keys.CreateAsync(new ApiKeyTerms("ann"), Token);
            ApiKey listed = Assert.Single(await keys.ListAsync(Token));
            Assert.Equal("ann", listed.Terms.Name);
            foreach (string file in Directory.GetFiles(place))
                Assert.DoesNotContain(text[16..], Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Token)));
        }
    }

    [Fact]
    public async Task A_key_is_held_to_its_models_and_endpoints_and_time()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string other) = await keys.CreateAsync(new ApiKeyTerms("a") { Models = ["qwen*"] }, Token);
        (_, string same) = await keys.CreateAsync(new ApiKeyTerms("b") { Models = ["qwen*", "scr*d"], Endpoints = ["chat"] }, Token);
        (_, string embeds) = await keys.CreateAsync(new ApiKeyTerms("c") { Endpoints = ["embeddings"] }, Token);
        (_, string past) = await keys.CreateAsync(new ApiKeyTerms("d") { Expires = DateTimeOffset.UtcNow.AddDays(-1) }, Token);
        await using ScriptedServer server = await StartAsync(place);

        Assert.Contains(
            "model 'scripted'", ScriptedServer.AssertError(await ChatAsync(server, other), 403, null, "insufficient_permissions"));
        Assert.Equal(200, (await ChatAsync(server, same)).Status);
        Assert.Contains("scope 'chat'", ScriptedServer.AssertError(await ChatAsync(server, embeds), 403, null, "insufficient_permissions"));
        Assert.Contains("expired", ScriptedServer.AssertError(await ChatAsync(server, past), 401, null, "invalid_api_key"));

        (int status, JsonNode body) = await SendAsync(server, same, "/api/delete", """{"model":"scripted"}""", HttpMethod.Delete);
        Assert.Equal(403, status);
        Assert.Contains("'admin'", body["error"]!.GetValue<string>());

        string message = """{"model":"scripted","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""";
        (status, body) = await SendAsync(server, embeds, "/v1/messages", message);
        Assert.Equal((403, "permission_error"), (status, body["error"]!["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_key_over_its_limits_is_told_when_to_come_back()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string few) = await keys.CreateAsync(new ApiKeyTerms("a") { RequestsPerMinute = 2 }, Token);
        (_, string small) = await keys.CreateAsync(new ApiKeyTerms("b") { TokensPerMinute = 8 }, Token);
        await using ScriptedServer server = await StartAsync(place);

        using (HttpResponseMessage first = await RawAsync(server, few, "/v1/chat/completions", Chat))
        {
            Assert.Equal(200, (int)first.StatusCode);
            Assert.Equal("2", first.Headers.GetValues("x-ratelimit-limit-requests").Single());
            Assert.Equal("1", first.Headers.GetValues("x-ratelimit-remaining-requests").Single());
            Assert.True(first.Headers.Contains("x-ratelimit-reset-requests"));
        }

        Assert.Equal(200, (await ChatAsync(server, few)).Status);
        using HttpResponseMessage third = await RawAsync(server, few, "/v1/chat/completions", Chat);
        Assert.Equal(429, (int)third.StatusCode);
        Assert.InRange(third.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 30);
        JsonNode error = JsonNode.Parse(await third.Content.ReadAsStringAsync(Token))!["error"]!;
        Assert.Equal(("requests", "rate_limit_exceeded"), (error["type"]!.GetValue<string>(), error["code"]!.GetValue<string>()));

        // Seven tokens of the prompt and one of the answer.
        Assert.Equal(200, (await ChatAsync(server, small)).Status);
        Assert.Contains("8 tokens a minute", ScriptedServer.AssertError(await ChatAsync(server, small), 429, null, "rate_limit_exceeded"));
        string message = """{"model":"scripted","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""";
        (int status, JsonNode body) = await SendAsync(server, small, "/v1/messages", message);
        Assert.Equal((429, "rate_limit_error"), (status, body["error"]!["type"]!.GetValue<string>()));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_key_s_class_reaches_the_engine_and_a_request_may_only_lower_it(string database)
    {
        string place = await PlaceAsync(database);
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (ApiKey key, string high) = await keys.CreateAsync(new ApiKeyTerms("a") { Priority = KeyPriority.High }, Token);
        (_, string low) = await keys.CreateAsync(new ApiKeyTerms("b") { Priority = KeyPriority.Low }, Token);
        Assert.Equal([KeyPriority.High, KeyPriority.Low], (await keys.ListAsync(Token)).Select(made => made.Terms.Priority).Order());
        await using ScriptedServer server = await StartAsync(place);

        async Task<int> PriorityAsync(string given, string fields, string path = "/v1/chat/completions")
        {
            Assert.Equal(200, (await SendAsync(server, given, path, $$"""{"model":"scripted",{{fields}}}""")).Status);
            return (int)server.Chat.Calls[^1].Options.AdditionalProperties!["priority"]!;
        }

        const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
        Assert.Equal(-1, await PriorityAsync(high, Messages));
        Assert.Equal(key.Id, server.Chat.Calls[^1].Options.AdditionalProperties!["owner"]);
        Assert.Equal(3, await PriorityAsync(high, $"{Messages},\"priority\":3"));
        Assert.Equal(1, await PriorityAsync(high, $"{Messages},\"service_tier\":\"flex\""));
        Assert.Equal(1, await PriorityAsync(low, $"{Messages},\"priority\":0,\"service_tier\":\"priority\""));
        Assert.Equal(1, await PriorityAsync(high, "\"input\":\"Hi\",\"service_tier\":\"flex\"", "/v1/responses"));
        Assert.Contains("key", ScriptedServer.AssertError(
            await ChatAsync(server, low, $$"""{"model":"scripted",{{Messages}},"priority":-1}"""), 400, "priority", "unsupported_parameter"));
    }

    [Fact]
    public async Task Responses_and_conversations_are_their_key_s()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string ann) = await keys.CreateAsync(new ApiKeyTerms("a"), Token);
        (_, string bob) = await keys.CreateAsync(new ApiKeyTerms("b") { Endpoints = [.. ApiKeyTerms.AllScopes] }, Token);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Echo, options => options with { State = place, ApiKey = "open sesame" });
        (_, JsonNode conversation) = await SendAsync(server, ann, "/v1/conversations", "{}");
        (_, JsonNode response) = await SendAsync(server, ann, "/v1/responses", """{"model":"scripted","input":"Hi"}""");
        string[] paths =
        [
            $"/v1/conversations/{conversation["id"]}", $"/v1/conversations/{conversation["id"]}/items", $"/v1/responses/{response["id"]}",
            $"/v1/responses/{response["id"]}/input_items",
        ];
        foreach (string path in paths)
        {
            Assert.Equal(200, await StatusAsync(ann, path));
            Assert.Equal(404, await StatusAsync(bob, path));
            Assert.Equal(200, await StatusAsync("open sesame", path));
        }

        Assert.Equal(404, await StatusAsync(bob, paths[2], HttpMethod.Delete));
        Assert.Equal(404, (await SendAsync(server, bob, paths[0], """{"metadata":{}}""")).Status);
        string next = $$"""{"model":"scripted","input":"Hi","previous_response_id":"{{response["id"]}}"}""";
        ScriptedServer.AssertError(await SendAsync(server, bob, "/v1/responses", next), 400, "previous_response_id", "invalid_value");
        Assert.Equal(200, (await SendAsync(server, ann, "/v1/responses", next)).Status);

        async Task<int> StatusAsync(string given, string path, HttpMethod? method = null)
        {
            using HttpRequestMessage request = new(method ?? HttpMethod.Get, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", given);
            using HttpResponseMessage reply = await server.Http.SendAsync(request, Token);
            return (int)reply.StatusCode;
        }
    }

    [Fact]
    public async Task Requests_at_the_same_time_are_limited()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string one) = await keys.CreateAsync(new ApiKeyTerms("a") { Concurrent = 1 }, Token);
        TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            (call, token) => Scripts.Wait(running, end.Task)(call, token), options => options with { State = place });

        Task<(int Status, JsonNode Body)> first = ChatAsync(server, one);
        await running.Task.WaitAsync(Token);
        Assert.Contains("at the same time", ScriptedServer.AssertError(await ChatAsync(server, one), 429, null, "rate_limit_exceeded"));
        end.SetResult();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await ChatAsync(server, one)).Status);
    }

    [Fact]
    public async Task The_server_s_own_key_may_do_everything_beside_them()
    {
        string place = _folder["state"];
        await using ApiKeyStore keys = ApiKeyStore.At(place);
        (_, string text) = await keys.CreateAsync(new ApiKeyTerms("a"), Token);
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Echo, options => options with { State = place, ApiKey = "open sesame" });

        Assert.Equal(200, (await ChatAsync(server, "open sesame")).Status);
        Assert.Equal(200, (await ChatAsync(server, text)).Status);
        Assert.Equal(401, (await ChatAsync(server, "other")).Status);
    }

    [Fact]
    public async Task Without_a_key_a_server_listens_to_this_machine_only()
    {
        string place = _folder["state"];
        ServerOpenException refused = await Assert.ThrowsAsync<ServerOpenException>(() => StartAsync(place, host: "0.0.0.0"));
        Assert.Contains("'0.0.0.0'", refused.Message);
        Assert.False(Directory.Exists(place));

        await using (await ScriptedServer.StartAsync(Scripts.Echo, options => options with { Host = "0.0.0.0", OpenToAll = true }))
        {
        }

        await using (ApiKeyStore keys = ApiKeyStore.At(place))
            await keys.CreateAsync(new ApiKeyTerms("a"), Token);

        await using ScriptedServer server = await StartAsync(place, host: "0.0.0.0");
        Uri here = new UriBuilder(server.Server.Address) { Host = "127.0.0.1", Path = "/v1/models" }.Uri;
        using HttpResponseMessage reply = await server.Http.GetAsync(here, Token);
        Assert.Equal(401, (int)reply.StatusCode);
    }

    private const string Chat = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}""";

    private static Task<ScriptedServer> StartAsync(string place, string host = "127.0.0.1") =>
        ScriptedServer.StartAsync(Scripts.Echo, options => options with { State = place, Host = host });

    private static Task<(int Status, JsonNode Body)> ChatAsync(ScriptedServer server, string? key, string body = Chat) =>
        SendAsync(server, key, "/v1/chat/completions", body);

    private static async Task<(int Status, JsonNode Body)> SendAsync(
        ScriptedServer server, string? key, string path, string body, HttpMethod? method = null)
    {
        using HttpResponseMessage reply = await RawAsync(server, key, path, body, method);
        return ((int)reply.StatusCode, JsonNode.Parse(await reply.Content.ReadAsStringAsync(Token))!);
    }

    private static async Task<HttpResponseMessage> RawAsync(
        ScriptedServer server, string? key, string path, string body, HttpMethod? method = null)
    {
        using HttpRequestMessage request = new(method ?? HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);

        return await server.Http.SendAsync(request, Token);
    }

    private async Task<string> PlaceAsync(string database) =>
        database == "sqlite" ? _folder["state"] : await postgres.NewDatabaseAsync();
}
