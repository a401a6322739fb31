using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;

namespace QwenSharp.Server.Tests;

/// <summary>
/// Clients that end their sending and wait for the answer, as <c>nc -N</c> does, and such as leave, which looks the same at first.
/// </summary>
public class HalfClosedTests
{
    private const string Chat = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Streamed = """{"model":"scripted","messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Chat, "\"content\":\"one two three\"")]
    [InlineData(Streamed, "data: [DONE]")]
    public async Task Who_ends_the_sending_gets_the_whole_answer(string body, string end)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, token) => Slow(TimeSpan.FromSeconds(1), token));
        using Socket client = await SendAsync(server, Request(body));
        client.Shutdown(SocketShutdown.Send);

        string reply = await ReadAsync(client);
        Assert.StartsWith("HTTP/1.1 200 OK", WithoutInterim(reply));
        Assert.Contains(end, reply);
        Assert.Single(server.Chat.Calls);
    }

    [Fact]
    public async Task Requests_that_came_before_the_end_are_answered_one_after_the_other()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);
        using Socket client = await SendAsync(server, Request(Chat) + Request(Chat) + Request("{"));
        client.Shutdown(SocketShutdown.Send);

        string reply = await ReadAsync(client);
        Assert.Equal(3, reply.Split("HTTP/1.1 200 OK").Length);
        Assert.Contains("HTTP/1.1 400 ", reply);
    }

    [Fact]
    public async Task A_body_that_ends_too_early_is_refused()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);
        using Socket client = await SendAsync(server, Request(Chat)[..^5]);
        client.Shutdown(SocketShutdown.Send);
        Assert.StartsWith("HTTP/1.1 400 ", WithoutInterim(await ReadAsync(client)));
    }

    [Theory]
    [InlineData(Chat, "1.1")]
    [InlineData(Chat, "1.0")]
    [InlineData(Streamed, "1.1")]
    public async Task Who_leaves_while_nothing_is_said_yet_ends_the_work(string body, string version)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, token) => Silent(ended, token));
        using (Socket client = await SendAsync(server, Request(body, version)))
        {
            while (server.Chat.Calls.Count == 0)
                await Task.Delay(5, Token);
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
    }

    [Fact]
    public async Task Who_ends_the_sending_and_leaves_later_ends_the_work()
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, token) => Silent(ended, token));
        using (Socket client = await SendAsync(server, Request(Chat)))
        {
            client.Shutdown(SocketShutdown.Send);
            await Task.Delay(TimeSpan.FromSeconds(1.5), Token);
            Assert.False(ended.Task.IsCompleted);
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
    }

    [Fact]
    public async Task Who_leaves_a_stream_ends_the_work()
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ScriptedServer server = await ScriptedServer.StartAsync((_, token) => Endless(ended, token));
        using (Socket client = await SendAsync(server, Request(Streamed)))
            await client.ReceiveAsync(new byte[100], Token);

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
    }

    private static string Request(string body, string version = "1.1") =>
        $"POST /v1/chat/completions HTTP/{version}\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}";

    private static string WithoutInterim(string reply) => reply.Replace("HTTP/1.1 100 Continue\r\n\r\n", "");

    private static async Task<Socket> SendAsync(ScriptedServer server, string request)
    {
        Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(server.Server.Address.Host, server.Server.Address.Port, Token);
        await client.SendAsync(Encoding.ASCII.GetBytes(request), Token);
        return client;
    }

    private static async Task<string> ReadAsync(Socket client)
    {
        StringBuilder text = new();
        byte[] part = new byte[4096];
        while (await client.ReceiveAsync(part, Token) is > 0 and int read)
            text.Append(Encoding.UTF8.GetString(part, 0, read));

        return text.ToString();
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Slow(
        TimeSpan pause, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string word in (string[])["one", " two", " three"])
        {
            await Task.Delay(pause, cancellationToken);
            yield return new ChatResponseUpdate(ChatRole.Assistant, word);
        }

        yield return Scripts.End(ChatFinishReason.Stop, 3, 3);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Silent(
        TaskCompletionSource ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            ended.TrySetResult();
        }

        yield break;
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Endless(
        TaskCompletionSource ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(50, cancellationToken);
                yield return new ChatResponseUpdate(ChatRole.Assistant, "more ");
            }
        }
        finally
        {
            ended.TrySetResult();
        }
    }
}
