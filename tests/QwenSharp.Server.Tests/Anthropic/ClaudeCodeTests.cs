using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Server.Tests.Scripted;
using QwenSharp.Tests;

namespace QwenSharp.Server.Tests.Anthropic;

/// <summary>Requests as Claude Code sends them, with its headers, are answered; the program itself too, where it is installed.</summary>
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

    [Fact]
    public async Task The_program_itself_calls_a_tool_sees_a_picture_and_goes_on()
    {
        using TemporaryFolder folder = new();
        await File.WriteAllBytesAsync(
            folder["dot.png"],
            Convert.FromBase64String(
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
            TestContext.Current.CancellationToken);
        await using ScriptedServer server = await ScriptedServer.StartAsync((call, token) => Turn(call, folder["dot.png"])(call, token));

        string first = await RunAsync(server, folder, "-p", "Say hello with the shell tool.");
        string second = await RunAsync(server, folder, "-c", "-p", "Look at dot.png.");

        Assert.Equal(("It said hello-from-tool.", "It said [image left out: this model reads text only]."), (first, second));
        Assert.All(server.Chat.Calls.Skip(1), call => Assert.Contains(call.Messages, message => message.Text.Contains("Let me run it.")));
    }

    // Calls a tool where the user has spoken last, and says what a tool said.
    private static Script Turn(ScriptedCall call, string picture)
    {
        if (call.Messages.Last(message => message.Role == ChatRole.User).Contents.OfType<FunctionResultContent>().LastOrDefault() is { } result)
            return Scripts.Say($"It said {result.Result}.");

        FunctionCallContent tool = call.Messages.Any(message => message.Text.Contains("Look at dot.png.", StringComparison.Ordinal))
            ? new("call_2", "Read", new Dictionary<string, object?> { ["file_path"] = picture })
            : new("call_1", "Bash", new Dictionary<string, object?> { ["command"] = "echo hello-from-tool", ["description"] = "Says hello" });
        return Scripts.Updates(
            new ChatResponseUpdate { Contents = [new TextReasoningContent("Hm.")] },
            new ChatResponseUpdate { Contents = [new TextContent("Let me run it.")] },
            new ChatResponseUpdate { Contents = [tool] },
            Scripts.End(ChatFinishReason.ToolCalls, promptTokens: 7, completionTokens: 9));
    }

    private static async Task<string> RunAsync(ScriptedServer server, TemporaryFolder folder, params string[] arguments)
    {
        ProcessStartInfo start = new("claude", [.. arguments, "--model", "scripted", "--allowedTools", "Bash,Read"])
        {
            WorkingDirectory = folder["."],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ANTHROPIC_BASE_URL"] = server.Server.Address.ToString();
        start.Environment["ANTHROPIC_API_KEY"] = "none";
        start.Environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        start.Environment["HOME"] = folder["."];
        start.Environment["CLAUDE_CONFIG_DIR"] = folder[".claude"];
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
            Assert.Skip($"Claude Code is not here: {missing.Message}");
            throw;
        }
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
