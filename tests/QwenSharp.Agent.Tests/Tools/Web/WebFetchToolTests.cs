using System.Net;
using System.Net.Sockets;
using System.Text;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Web;

namespace QwenSharp.Agent.Tests.Tools.Web;

public sealed class WebFetchToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();
    private readonly WebFetchTool _tool = new(allowsPrivateAddresses: true);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);

    public ValueTask InitializeAsync()
    {
        _server.Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        _tool.Dispose();
        await _bench.DisposeAsync();
    }

    private int Port => ((IPEndPoint)_server.LocalEndpoint).Port;

    private async Task<ToolResult> FetchAsync(string response, string more = "")
    {
        Task<ToolResult> fetching = _bench.RunAsync(_tool, $$"""{"url": "http://127.0.0.1:{{Port}}/x", "prompt": "all of it"{{more}}}""");
        using (TcpClient client = await _server.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            NetworkStream stream = client.GetStream();
            _ = await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);
            byte[] bytes = Encoding.UTF8.GetBytes(response.Replace("\n", "\r\n", StringComparison.Ordinal));
            await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        }

        return await fetching;
    }

    private static string Page(string html, string type = "text/html; charset=utf-8") =>
        $"HTTP/1.1 200 OK\nContent-Type: {type}\nContent-Length: {Encoding.UTF8.GetByteCount(html)}\nConnection: close\n\n{html}";

    [Fact]
    public async Task A_page_comes_as_Markdown()
    {
        ToolResult result = await FetchAsync(Page(
            "<html><head><title>T</title></head><body><script>evil()</script><h2>One &amp; two</h2><p>A  <b>bold</b> <a href='/y'>link</a>.</p>"
            + "<ul><li>x</li><li>y</li></ul><pre>a  b</pre></body></html>"));
        Assert.Equal(
            "## One & two\n\nA **bold** [link](/y).\n\n- x\n- y\n\n```\na  b\n```",
            result.Text[..result.Text.IndexOf("\n\n[Page of", StringComparison.Ordinal)]);
        Assert.Contains("You wanted: all of it", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(", \"format\": \"text\"", "One\n\ntwo")]
    [InlineData(", \"format\": \"html\"", "<h1>One</h1><p>two</p>")]
    public async Task Its_form_can_be_chosen(string more, string expected) =>
        Assert.StartsWith(expected + "\n\n[Page", (await FetchAsync(Page("<h1>One</h1><p>two</p>"), more)).Text, StringComparison.Ordinal);

    [Fact]
    public async Task Failures_are_told()
    {
        ToolResult missing = await FetchAsync("HTTP/1.1 404 Not Found\nContent-Type: text/plain\nContent-Length: 4\nConnection: close\n\ngone");
        Assert.True(missing.IsError);
        Assert.StartsWith("[status 404]\ngone", missing.Text, StringComparison.Ordinal);
        Assert.Contains(
            "of the type image/png",
            (await Assert.ThrowsAsync<ToolException>(() => FetchAsync(Page("x", "image/png")))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "leads to another host. Fetch http://example.com/y",
            (await Assert.ThrowsAsync<ToolException>(() => FetchAsync("HTTP/1.1 302 Found\nLocation: http://example.com/y\nContent-Length: 0\n\n"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_machine_and_its_network_are_not_reached()
    {
        using WebFetchTool tool = new();
        foreach (string host in (string[])["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
        {
            string told = await _bench.FailsAsync(tool, $$"""{"url": "http://{{host}}:{{Port}}/", "prompt": "x"}""");
            Assert.Contains("which is not on the Internet", told, StringComparison.Ordinal);
        }

        Assert.False(_server.Pending());
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    public void Addresses_of_the_Internet_are_told_from_others(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddresses.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("ftp://example.com", "is no address of a web page")]
    [InlineData("file:///etc/passwd", "is no address of a web page")]
    [InlineData("http://user:pass@example.com", "is no address of a web page")]
    [InlineData("", "is no address of a web page")]
    public async Task Other_addresses_are_refused(string url, string reason) => Assert.Contains(
        reason, await _bench.FailsAsync(_tool, $$"""{"url": {{ToolBench.Json(url)}}, "prompt": "x"}"""), StringComparison.Ordinal);
}
