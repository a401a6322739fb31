using Microsoft.Extensions.AI;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using QwenSharp.Server.Tests.Scripted;
using ChatRole = OllamaSharp.Models.Chat.ChatRole;

namespace QwenSharp.Server.Tests;

/// <summary>The .NET client of Ollama's protocol, as it is published.</summary>
public class OllamaSharpTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_lists_shows_chats_and_generates()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(Scripts.Echo);
        using OllamaApiClient client = new(server.Server.Address, "scripted");

        Assert.True(await client.IsRunningAsync(Stop));
        Assert.Equal("0.20.0", await client.GetVersionAsync(Stop));
        Assert.Equal("scripted:latest", Assert.Single(await client.ListLocalModelsAsync(Stop)).Name);
        Assert.Equal("scripted:latest", Assert.Single(await client.ListRunningModelsAsync(Stop)).Name);
        Assert.NotNull(await client.ShowModelAsync(new ShowModelRequest { Model = "scripted" }, Stop));

        ChatRequest request = new() { Messages = [new Message(ChatRole.User, "one two three")], Stream = true };
        request.CustomHeaders["x-note"] = "sent along";
        List<ChatResponseStream?> parts = await client.ChatAsync(request, Stop).ToListAsync(Stop);
        Assert.Equal("one two three", string.Concat(parts.Select(part => part?.Message.Content)));
        Assert.Equal(3, Assert.IsType<ChatDoneResponseStream>(parts[^1]).EvalCount);

        GenerateRequest prompt = new() { Prompt = "once upon", Stream = true };
        List<string?> said = await client.GenerateAsync(prompt, Stop).Select(part => part?.Response).ToListAsync(Stop);
        string generated = string.Concat(said);
        Assert.Equal("once upon", generated);
        generated = string.Concat(await new OllamaSharp.Chat(client).SendAsync("hello there", Stop).ToListAsync(Stop));
        Assert.Equal("hello there", generated);
    }

    [Fact]
    public async Task It_is_a_chat_client_whose_functions_are_called()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync((call, token) =>
            call.Messages[^1].Contents is [FunctionResultContent { Result: string result }]
                ? Scripts.Say(result)(call, token)
                : Scripts.Updates(
                    new ChatResponseUpdate
                    {
                        Contents = [new FunctionCallContent("call_1", "weather", new Dictionary<string, object?> { ["city"] = "Łódź" })],
                    },
                    Scripts.End(ChatFinishReason.ToolCalls, 1, 1))(call, token));
        IChatClient client = new OllamaApiClient(server.Server.Address, "scripted");
        ChatOptions options = new()
        {
            Temperature = 0.5f,
            TopK = 5,
            MaxOutputTokens = 100,
            Tools = [AIFunctionFactory.Create((string city) => $"rain in {city}", "weather")],
        };

        ChatResponse first = await client.GetResponseAsync("call", options, Stop);
        FunctionCallContent called = Assert.Single(first.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal("Łódź", called.Arguments!["city"]!.ToString());

        List<ChatMessage> conversation = [new(Microsoft.Extensions.AI.ChatRole.User, "call"), .. first.Messages];
        FunctionResultContent rain = new(called.CallId, "rain in Łódź");
        conversation.Add(new ChatMessage(Microsoft.Extensions.AI.ChatRole.Tool, [rain]));
        Assert.Contains("rain in Łódź", (await client.GetResponseAsync(conversation, options, Stop)).Text);
        Assert.Equal(0.5f, server.Chat.Calls[0].Options.Temperature);
        Assert.Equal(100, server.Chat.Calls[0].Options.MaxOutputTokens);
    }
}
