using System.ClientModel;
using Anthropic;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;
using OpenAI.Chat;
using QwenSharp.Gateway.Providers;
using Reason = OpenAI.Chat.ChatFinishReason;
using Said = OpenAI.Chat.ChatMessage;

namespace QwenSharp.Server.Tests.Gateway;

/// <summary>The official .NET clients through the gateway, to a provider of another dialect.</summary>
public class TranslationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAIs_client_streams_what_Anthropic_says()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Message("Good", " day"));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        string text = "";
        int tokens = 0;
        await foreach (StreamingChatCompletionUpdate update in OpenAIClientOf(server)
            .CompleteChatStreamingAsync([new SystemChatMessage("Be brief."), new UserChatMessage("Hi")], cancellationToken: Stop))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            tokens += update.Usage?.TotalTokenCount ?? 0;
        }

        Assert.Equal(("Good day", 14), (text, tokens));
        FakeRequest asked = Assert.Single(fake.Requests);
        Assert.Equal(("/v1/messages", "upstream-key", "up"), (asked.Path, asked.Headers["x-api-key"].ToString(), (string)asked.Json["model"]!));
        Assert.Contains("Be brief.", asked.Json["system"]!.ToJsonString());
    }

    [Fact]
    public async Task OpenAIs_client_calls_tools_of_Anthropic_in_a_loop()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(
            FakeReplies.MessageCall("toolu_1", "weather", """{"city":"Łódź"}"""), FakeReplies.Message("Rain."));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        ChatClient client = OpenAIClientOf(server);
        ChatCompletionOptions options = new()
        {
            Tools = { ChatTool.CreateFunctionTool("weather", "The weather", BinaryData.FromString("""{"type":"object"}""")) },
        };
        List<Said> conversation = [new UserChatMessage("How is it?")];

        ChatCompletion first = await client.CompleteChatAsync(conversation, options, Stop);
        ChatToolCall call = Assert.Single(first.ToolCalls);
        conversation.Add(new AssistantChatMessage(first));
        conversation.Add(new ToolChatMessage(call.Id, "rain in Łódź"));
        ChatCompletion second = await client.CompleteChatAsync(conversation, options, Stop);

        Assert.Equal(Reason.ToolCalls, first.FinishReason);
        Assert.Equal(("weather", """{"city":"Łódź"}""", "Rain."), (call.FunctionName, call.FunctionArguments.ToString(), second.Content[0].Text));
        string sent = fake.Requests[1].Json["messages"]!.ToJsonString();
        Assert.Contains("tool_result", sent);
        Assert.Contains("toolu_1", sent);
    }

    [Fact]
    public async Task Anthropics_client_streams_and_calls_tools_of_a_provider_of_OpenAIs_protocol()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(
            FakeReplies.ChatCall("call_1", "weather", """{"city":"Ghent"}"""), FakeReplies.Chat("It", " rains."));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Vllm);
        IChatClient client = new AnthropicClient { BaseUrl = server.Address.ToString(), ApiKey = "none", MaxRetries = 0 }
            .AsIChatClient("fast", 100);
        ChatOptions options = new() { Tools = [AIFunctionFactory.Create((string city) => $"rain in {city}", "weather")] };
        List<Microsoft.Extensions.AI.ChatMessage> conversation = [new(ChatRole.User, "How is it?")];

        ChatResponse first = await client.GetStreamingResponseAsync(conversation, options, Stop).ToChatResponseAsync(Stop);
        FunctionCallContent call = Assert.Single(first.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        conversation.AddRange(first.Messages);
        conversation.Add(new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "rain in Ghent")]));
        ChatResponse second = await client.GetResponseAsync(conversation, options, Stop);

        Assert.Equal(("weather", "Ghent", "It rains."), (call.Name, call.Arguments!["city"]!.ToString(), second.Text));
        Assert.Equal((11, 3), (second.Usage!.InputTokenCount, second.Usage.OutputTokenCount));
        Assert.Equal("tool", (string)fake.Requests[1].Json["messages"]!.AsArray()[^1]!["role"]!);
        Assert.Equal("/v1/chat/completions", fake.Requests[0].Path);
    }

    [Fact]
    public async Task Ollamas_client_chats_with_Anthropic()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Message("Good", " day"));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        using OllamaApiClient client = new(server.Address, "fast");
        Assert.Equal("fast:latest", Assert.Single(await client.ListLocalModelsAsync(Stop)).Name);
        Assert.Equal("Good day", string.Concat(await new OllamaSharp.Chat(client).SendAsync("Hi", Stop).ToListAsync(Stop)));
    }

    [Fact]
    public async Task Pictures_reach_who_sees()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Message("A dot."));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        ChatMessageContentPart picture = ChatMessageContentPart.CreateImagePart(
            BinaryData.FromBytes(Convert.FromBase64String("iVBORw0KGgo=")), "image/png");
        ChatCompletion reply = await OpenAIClientOf(server).CompleteChatAsync([new UserChatMessage(picture)], cancellationToken: Stop);
        Assert.Equal("A dot.", reply.Content[0].Text);
        Assert.Contains("""{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}""", fake.Requests[0].Json.ToJsonString());
    }

    [Fact]
    public async Task What_an_answer_takes_from_the_web_is_told()
    {
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Json(FakeReplies.MessageWhole(
            """
            {"type":"text","text":"Rain.","citations":[{"type":"web_search_result_location","url":"https://e.example/w","title":"W",
                "cited_text":"rain","encrypted_index":"x"}]}
            """,
            "end_turn")));
        await using GatewayServer server = await GatewayServer.StartAsync(fake, ProviderKind.Anthropic);
        var (status, body, _) = await server.AskAsync(
            "/v1/chat/completions", """{"model":"fast","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(200, status);
        Assert.Equal(
            """[{"url_citation":{"url":"https://e.example/w","title":"W","start_index":0,"end_index":5},"type":"url_citation"}]""",
            body["choices"]![0]!["message"]!["annotations"]!.ToJsonString());
    }

    [Fact]
    public async Task What_a_provider_has_no_place_for_is_declared_or_refused_as_the_route_says()
    {
        const string Body = """{"model":"NAME","seed":7,"messages":[{"role":"user","content":"Hi"}]}""";
        await using FakeProvider fake = await FakeProvider.StartAsync(FakeReplies.Message("Hi"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [fake.As("acme", ProviderKind.Anthropic)],
            [
                new("loose", [new("acme", "up")]),
                new("strict", [new("acme", "up")]) { Losses = LossPolicy.Refuse },
            ]);

        var (status, _, reply) = await server.AskAsync("/v1/chat/completions", Body.Replace("NAME", "loose", StringComparison.Ordinal));
        Assert.Equal((200, "seed"), (status, GatewayServer.Header(reply, "x-qwensharp-dropped")));
        (status, var body, _) = await server.AskAsync("/v1/chat/completions", Body.Replace("NAME", "strict", StringComparison.Ordinal));
        Assert.Equal(400, status);
        Assert.Contains("seed", (string)body["error"]!["message"]!);
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task A_thought_comes_back_to_whom_it_is_of_and_to_nobody_else()
    {
        const string First = """{"model":"NAME","input":"Hi","include":["reasoning.encrypted_content"],"store":false}""";
        await using FakeProvider claude = await FakeProvider.StartAsync(FakeReplies.MessageCall("toolu_1", "f", "{}", signature: "c2lnbmVk"));
        await using FakeProvider other = await FakeProvider.StartAsync(FakeReplies.Chat("ok"));
        await using GatewayServer server = await GatewayServer.StartAsync(
            [claude.As("claude", ProviderKind.Anthropic), other.As("other", ProviderKind.Vllm)], []);
        var (status, body, _) = await server.AskAsync(
            "/v1/responses", First.Replace("NAME", "claude/up", StringComparison.Ordinal));
        Assert.Equal(200, status);
        string items = body["output"]!.ToJsonString()[1..^1];

        foreach (string name in (string[])["claude/up", "other/up"])
        {
            (status, body, _) = await server.AskAsync("/v1/responses", $$"""
                {"model":"{{name}}","store":false,"input":[{"role":"user","content":"Hi"},{{items}},
                    {"type":"function_call_output","call_id":"toolu_1","output":"done"}]}
                """);
            Assert.True(status == 200, body.ToJsonString());
        }

        Assert.Contains("c2lnbmVk", claude.Requests[1].Json.ToJsonString());
        Assert.DoesNotContain("c2lnbmVk", other.Requests[0].Json.ToJsonString());
    }

    private static ChatClient OpenAIClientOf(GatewayServer server) => new(
        "fast", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
}
