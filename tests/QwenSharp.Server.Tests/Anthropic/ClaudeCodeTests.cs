using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.Anthropic;

/// <summary>Requests as Claude Code sends them, with its headers, are answered.</summary>
public class ClaudeCodeTests
{
    // What the transport writes itself.
    private static readonly HashSet<string> Transport = ["content-type", "content-length", "accept-encoding", "host", "connection"];

    [Fact]
    public async Task Every_recorded_request_is_answered()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(
            Scripts.Updates(
                new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm.")] },
                new ChatResponseUpdate { Contents = [new TextContent("Let me run it.")] },
                new ChatResponseUpdate
                {
                    Contents = [new FunctionCallContent("c", "Bash", new Dictionary<string, object?> { ["command"] = "echo" })],
                },
                Scripts.End(ChatFinishReason.ToolCalls, promptTokens: 7, completionTokens: 9)));
        (int streamed, int counted) = (0, 0);
        foreach (string file in Directory.GetFiles(Fixtures.Require("clients", "claude-code"), "*.json").Order())
        {
            JsonNode recorded = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!;
            if ((string?)recorded["method"] != "POST")
                continue;

            using HttpResponseMessage reply = await SendAsync(server, recorded);
            string text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)reply.StatusCode == 200, $"{Path.GetFileName(file)}: {text}");
            if (((string)recorded["url"]!).Contains("count_tokens", StringComparison.Ordinal))
            {
                counted++;
                Assert.Equal("""{"input_tokens":7}""", text);
            }
            else
            {
                streamed++;
                MessageEvents.AssertOrder(MessageEvents.Read(text));
            }
        }

        Assert.Equal((4, 2), (streamed, counted));
    }

    private static async Task<HttpResponseMessage> SendAsync(ScriptedServer server, JsonNode recorded)
    {
        recorded["body"]!["model"] = "scripted";
        using HttpRequestMessage request = new(HttpMethod.Post, (string)recorded["url"]!)
        {
            Content = new StringContent(recorded["body"]!.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach ((string name, JsonNode? value) in recorded["headers"]!.AsObject().Where(header => !Transport.Contains(header.Key)))
            request.Headers.TryAddWithoutValidation(name, (string?)value);

        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
