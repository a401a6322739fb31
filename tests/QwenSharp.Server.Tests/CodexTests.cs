using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests;

/// <summary>
/// Requests as Codex sends them are answered with streams that its parser takes; the program itself too, where it is installed.
/// </summary>
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

    [Fact]
    public async Task The_program_itself_calls_a_tool_and_goes_on()
    {
        using TemporaryFolder folder = new();
        await using ScriptedServer server = await ScriptedServer.StartAsync((call, token) => Turn(call)(call, token));

        string first = await RunAsync(server, folder, "exec", "Say hello with the shell tool.");
        string second = await RunAsync(server, folder, "exec", "resume", "--last", "And again.");

        Assert.EndsWith("It said hello-from-tool.", first);
        Assert.EndsWith("It said hello-from-tool.", second);

        // Its own thoughts come back sealed, and are opened.
        IReadOnlyList<ChatMessage> last = server.Chat.Calls[^1].Messages;
        Assert.Equal(
            2, last.Count(message => message.Contents is [TextReasoningContent { Text: "Hm." }, TextContent, FunctionCallContent]));
    }

    // Calls a tool where the user has spoken last, and says what a tool said.
    private static Script Turn(ScriptedCall call) => call.Messages[^1].Contents is [FunctionResultContent { Result: string result }]
        ? Scripts.Say($"It said {(result.Contains("hello-from-tool", StringComparison.Ordinal) ? "hello-from-tool" : result)}.")
        : Scripts.Updates(
            new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm.")] },
            new ChatResponseUpdate { Contents = [new TextContent("Let me run it.")] },
            new ChatResponseUpdate
            {
                Contents =
                [
                    new FunctionCallContent(
                        $"call_{Guid.NewGuid():N}", "exec_command", new Dictionary<string, object?> { ["cmd"] = "echo hello-from-tool" }),
                ],
            },
            Scripts.End(ChatFinishReason.ToolCalls, promptTokens: 7, completionTokens: 9));

    private static async Task<string> RunAsync(ScriptedServer server, TemporaryFolder folder, params string[] arguments)
    {
        Directory.CreateDirectory(folder[".codex"]);
        await File.WriteAllTextAsync(
            folder[Path.Combine(".codex", "config.toml")],
            $"""
            model = "scripted"
            model_provider = "qwensharp"
            sandbox_mode = "danger-full-access"
            approval_policy = "never"
            [model_providers.qwensharp]
            name = "QwenSharp"
            base_url = "{new Uri(server.Server.Address, "/v1")}"
            wire_api = "responses"
            """,
            TestContext.Current.CancellationToken);
        ProcessStartInfo start = new("codex", [.. arguments, "--skip-git-repo-check"])
        {
            WorkingDirectory = folder["."],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["HOME"] = folder["."];
        start.Environment["CODEX_HOME"] = folder[".codex"];
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, await output + await error);
            return (await output).Trim();
        }
        catch (Win32Exception missing)
        {
            Assert.Skip($"Codex is not here: {missing.Message}");
            throw;
        }
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
