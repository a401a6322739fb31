using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Protocols.Requests;
using QwenSharp.Tests;

namespace QwenSharp.Protocols.Tests;

/// <summary>What coding agents send is read whole, and every published template takes it.</summary>
public class ClientFixtureTests
{
    [Theory]
    [InlineData("cline")]
    [InlineData("continue")]
    [InlineData("opencode")]
    [InlineData("pi")]
    [InlineData("qwen-code")]
    public void Conversations_of_OpenAIs_clients_are_rendered(string client) => Render(client, "/v1/chat/completions", body =>
    {
        ChatCompletionRequest request = ChatCompletionRequest.Read(body).InText();
        return (request.Messages, request.Generation.Options);
    });

    [Theory]
    [InlineData("codex")]
    [InlineData("codex-oss")]
    public void Conversations_of_Codex_are_rendered(string client) => Render(client, "/v1/responses", body =>
    {
        ResponsesRequest request = ResponsesRequest.Read(body, new ThoughtSealer(), _ => null);
        return (TextOnly.Messages(request.Converse([])), TextOnly.Options(request.Options));
    });

    [Fact]
    public void Conversations_of_Claude_Code_are_rendered() => Render("claude-code", "/v1/messages", body =>
    {
        MessagesRequest request =
            MessagesRequest.Read(body, new ThoughtSigner(), countsOnly: !body.TryGetProperty("max_tokens", out _)).InText();
        return (request.Messages, request.Options);
    });

    private static void Render(string client, string path, Func<JsonElement, (IReadOnlyList<ChatMessage>, ChatOptions)> read)
    {
        int seen = 0;
        List<ChatTemplate> templates =
            [.. Directory.GetFiles(Fixtures.Require("chat-templates"), "*.jinja").Select(file => new ChatTemplate(File.ReadAllText(file)))];
        foreach (string file in Directory.GetFiles(Fixtures.Require("clients", client), "*.json"))
        {
            JsonElement recorded = JsonElement.Parse(File.ReadAllText(file));
            if (!recorded.GetProperty("url").GetString()!.StartsWith(path, StringComparison.Ordinal))
                continue;

            seen++;
            (IReadOnlyList<ChatMessage> messages, ChatOptions options) = read(recorded.GetProperty("body"));
            string last = messages.Last(message => message.Role == ChatRole.User && message.Text.Length > 0).Text;
            foreach (ChatTemplate template in templates)
            {
                string text = template.Render(messages, options).Text;
                Assert.Contains(last.Trim(), text);
                Assert.All(options.Tools ?? [], tool => Assert.Contains(tool.Name, text));
            }
        }

        Assert.NotEqual(0, seen);
    }
}
