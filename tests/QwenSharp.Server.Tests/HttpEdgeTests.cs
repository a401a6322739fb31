using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

/// <summary>What clients send that no endpoint reads: broken text, broken HTTP, compressed bodies, other methods.</summary>
public class HttpEdgeTests
{
    private const string Hi = """ "messages":[{"role":"user","content":"Hi"}] """;

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"x","suffix":"\ud800"}""", "suffix")]
    [InlineData("/v1/completions", """{"prompt":["x","\udfff"]}""", "prompt[1]")]
    [InlineData("/v1/completions", """{"prompt":"x","stop":["\ud800x"]}""", "stop[0]")]
    [InlineData("/v1/chat/completions", """{"\ud800":1}""", """\ud800""")]
    [InlineData("/v1/chat/completions", """{"model":"\ud800"}""", "model")]
    [InlineData("/v1/chat/completions", """{"modalities":["\ud800"]}""", "modalities[0]")]
    [InlineData("/v1/chat/completions", """{"logit_bias":{"\ud800":1}}""", """logit_bias.\ud800""")]
    [InlineData("/v1/chat/completions", """{"chat_template_kwargs":{"a":{"\ud800":1}}}""", """chat_template_kwargs.a.\ud800""")]
    [InlineData("/v1/chat/completions", """{"metadata":{"\ud800":"x"}}""", """metadata.\ud800""")]
    [InlineData(
        "/v1/chat/completions",
        """{"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"\ud800":{}}}}}]}""",
        """tools[0].function.parameters.properties.\ud800""")]
    public async Task Text_that_is_no_Unicode_is_refused_with_its_place(string path, string body, string param)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        string message = ScriptedServer.AssertError(await server.AskAsync(path, body), 400, param, "invalid_value");

        Assert.Contains("half of a surrogate pair", message);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused_with_their_place()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        ByteArrayContent body = new([.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xFF, .. "\"}]}"u8]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using HttpResponseMessage reply = await server.Http.PostAsync(
            "/v1/chat/completions",
            body,
            TestContext.Current.CancellationToken);

        Assert.Contains(
            "is not UTF-8",
            ScriptedServer.AssertError(await ReadAsync(reply), 400, "messages[0].content", "invalid_value"));
    }

    [Theory]
    [InlineData("""{\"a\":\"\\ud800\"}""", "half of a surrogate pair")]
    [InlineData("""{\"a\" 1}""", "must be a string that holds a JSON object")]
    [InlineData(null, "nested at most 48 deep")]
    public async Task Arguments_that_no_reader_takes_are_refused(string? arguments, string expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        arguments ??= string.Concat(Enumerable.Repeat("""{\"a\":""", 60)) + "1" + new string('}', 60);

        (int, JsonNode) reply = await server.ChatAsync(messages: $$$"""
            [{"role":"user","content":"x"},{"role":"assistant","tool_calls":[
              {"id":"a","type":"function","function":{"name":"f","arguments":"{{{arguments}}}"}}]}]
            """);

        Assert.Contains(
            expected,
            ScriptedServer.AssertError(reply, 400, "messages[1].tool_calls[0].function.arguments", "invalid_value"));
    }

    [Fact]
    public async Task An_error_repeats_no_megabytes()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        string megabyte = new('x', 1 << 20);
        foreach (string fields in (string[])[
            $"\"{megabyte}\":1",
            $"\"n\":1{new string('0', 1 << 20)}",
            $"\"logit_bias\":{{\"{megabyte}\":1}}",
            $"\"reasoning_effort\":\"{megabyte}\"",
            $"\"tools\":[{{\"type\":\"{megabyte}\"}}]",
            $"\"chat_template_kwargs\":{{\"{megabyte}\":\"\\ud800\"}}",
            $"\"metadata\":{{\"{megabyte}\":1}}"])
        {
            (int status, JsonNode body) = await server.ChatAsync(fields);
            Assert.Equal(400, status);
            Assert.True(body.ToJsonString().Length < 4_000, body.ToJsonString()[..200]);
        }

        (int unknown, JsonNode model) = await server.AskAsync("/v1/chat/completions", $"{{\"model\":\"{megabyte}\",{Hi}}}");
        Assert.Equal(404, unknown);
        Assert.True(model.ToJsonString().Length < 4_000);
    }

    [Fact]
    public async Task Biases_by_the_thousand_are_read_in_one_pass()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        (int status, _) = await server.ChatAsync($"\"logit_bias\":{{{string.Join(',', Enumerable.Range(0, 100_000).Select(id => $"\"{id}\":1"))}}}");

        Assert.Equal(200, status);
    }

    [Fact]
    public async Task A_compressed_body_is_read_and_a_broken_one_refused()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Say("Hi"),
            options => options with { MaxRequestBytes = 10_000 });

        using HttpResponseMessage whole = await PostGzipAsync(server, $"{{{Hi}}}");
        Assert.Equal(200, (int)whole.StatusCode);

        // It unpacks to more than the limit of bodies.
        using HttpResponseMessage bomb = await PostGzipAsync(server, $"{{{Hi},\"x\":\"{new string('x', 1 << 20)}\"}}");
        ScriptedServer.AssertError(await ReadAsync(bomb), 413, null, "request_too_large");

        ByteArrayContent junk = new("no gzip"u8.ToArray());
        junk.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        junk.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage broken = await server.Http.PostAsync(
            "/v1/chat/completions",
            junk,
            TestContext.Current.CancellationToken);
        ScriptedServer.AssertError(await ReadAsync(broken), 400, null, null);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/")]
    public async Task Heads_can_be_asked_for_and_a_slash_may_end_a_path(string path)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Say("Hi"),
            options => options with { ApiKey = "k" });
        if (path.StartsWith("/v1", StringComparison.Ordinal))
            server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "k");

        using HttpResponseMessage head = await server.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, path),
            TestContext.Current.CancellationToken);
        using HttpResponseMessage get = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal((200, 200), ((int)head.StatusCode, (int)get.StatusCode));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET /health HTTP/1.1\r\nHost: xn--\r\nConnection: close\r\n\r\n", 403)]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost:\r\nConnection: close\r\n\r\n", 400)]
    [InlineData("GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET /health HTTP/1.1\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData(
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "ffffffffffffffff\r\n{}",
        400)]
    [InlineData(
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        400)]
    [InlineData("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400)]
    public async Task Broken_HTTP_gets_a_status_and_a_body(string request, int expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));

        (int status, string body) = await TalkAsync(server, request);

        Assert.True(expected == status, $"{status}: {body}");
        if (status >= 400)
            ScriptedServer.AssertError((status, JsonNode.Parse(body)!), status, null, (string?)JsonNode.Parse(body)!["error"]!["code"]);
    }

    [Fact]
    public async Task Connections_that_are_kept_go_on_behind_errors()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Say("Hi"));
        for (int i = 0; i < 3; i++)
        {
            ScriptedServer.AssertError(await server.ChatAsync("\"x\":1"), 400, "x", "unsupported_parameter");
            Assert.Equal(200, (await server.ChatAsync()).Status);
        }
    }

    private static async Task<(int Status, string Body)> TalkAsync(ScriptedServer server, string request)
    {
        using TcpClient client = new();
        await client.ConnectAsync(server.Server.Address.Host, server.Server.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using StreamReader reader = new(client.GetStream());
        StringBuilder head = new();
        string first = (await reader.ReadLineAsync(TestContext.Current.CancellationToken))!;
        int length = 0;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            head.AppendLine(line);
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(line.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        }

        string body = head.ToString().Contains("chunked", StringComparison.Ordinal)
            ? await Unchunk(reader)
            : await ReadBlock(reader, length);
        return (int.Parse(first.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), body);
    }

    private static async Task<string> ReadBlock(StreamReader reader, int length)
    {
        char[] body = new char[length];
        int read = await reader.ReadBlockAsync(body, TestContext.Current.CancellationToken);
        return new string(body, 0, read);
    }

    private static async Task<string> Unchunk(StreamReader reader)
    {
        StringBuilder body = new();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } size
            && Convert.ToInt32(size, 16) is > 0 and int length)
        {
            body.Append(await ReadBlock(reader, length));
            await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        }

        return body.ToString();
    }

    private static async Task<HttpResponseMessage> PostGzipAsync(ScriptedServer server, string json)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(json));

        ByteArrayContent body = new(packed.ToArray());
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        body.Headers.ContentEncoding.Add("gzip");
        return await server.Http.PostAsync("/v1/chat/completions", body, TestContext.Current.CancellationToken);
    }

    private static async Task<(int Status, JsonNode Body)> ReadAsync(HttpResponseMessage reply) => (
        (int)reply.StatusCode,
        JsonNode.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
}
