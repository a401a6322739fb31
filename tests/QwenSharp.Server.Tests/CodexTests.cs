using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>Requests as Codex sends them are answered with streams that its parser takes.</summary>
public class CodexTests
{
    private static readonly HashSet<string> Transport =
        ["content-type", "content-length", "accept-encoding", "host", "connection", "authorization"];

    [Theory]
    [InlineData("codex", 6)]
    [InlineData("codex-oss", 2)]
    public async Task Every_recorded_request_is_answered(string client, int expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm")] },
                new ChatResponseUpdate { Contents = [new TextReasoningContent("m.")] },
                new ChatResponseUpdate { Contents = [new TextContent("Let me run it.")] },
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("c", "exec_command", new Dictionary<string, object?> { ["cmd"] = "echo" })],
                },
                Scripts.End(ChatFinishReason.ToolCalls, promptTokens: 7, completionTokens: 9)),
            options => options with { Aliases = new Dictionary<string, string> { ["fake-model"] = "scripted" } });
        int streamed = 0;
        foreach (string file in Directory.GetFiles(Fixtures.Require("clients", client), "*.json").Order())
        {
            JsonNode recorded = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
            using HttpResponseMessage reply = await SendAsync(server, recorded);
            string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)reply.StatusCode == 200, $"{Path.GetFileName(file)}: {text}");
            if ((string?)recorded["method"] != "POST")
                continue;

            streamed++;
            JsonNode response = ResponseEvents.AssertOrder(ResponseEvents.Read(text));
            Assert.Equal(["reasoning", "message", "function_call"], response["output"]!.AsArray().Select(item => (string)item!["type"]!));
            Assert.Equal("Hmm.", (string)response["output"]![0]!["summary"]![0]!["text"]!);
            Assert.NotNull(response["output"]![0]!["encrypted_content"]);
        }

        Assert.Equal(expected, streamed);

        // Another server's thoughts are left out, what it said and called is one turn, and namespaces are part of a name.
        IEnumerable<ChatMessage> messages = server.Chat.Calls.SelectMany(call => call.Messages);
        Assert.DoesNotContain(messages, message => message.Contents.Any(content => content is TextReasoningContent));
        Assert.Contains(server.Chat.Calls, call => call.Messages.Any(message =>
            message.Contents is [TextContent, FunctionCallContent { Name: "exec_command" }]));
        Assert.Contains(server.Chat.Calls[0].Options.Tools!, tool => tool.Name == "multi_agent_v1__spawn_agent");
    }

    private static Task<HttpResponseMessage> SendAsync(ScriptedServer server, JsonNode recorded)
    {
        HttpRequestMessage request = new(new HttpMethod((string)recorded["method"]!), (string)recorded["url"]!);
        if (recorded["body"] is { } body)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");

        foreach ((string name, JsonNode? value) in recorded["headers"]?.AsObject() ?? [])
        {
            if (!Transport.Contains(name.ToLowerInvariant()))
                request.Headers.TryAddWithoutValidation(name, (string)value!);
        }

        return server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
