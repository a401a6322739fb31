using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests;

/// <summary>
/// The model in the box behind the server, spoken to by OpenAI's own client: template, tokenizer, engine, splitter and protocol together,
/// on a model that means what it says.
/// </summary>
public sealed class BoxTests : IAsyncLifetime
{
    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool(
        "get_weather",
        "Gets the weather in a city",
        BinaryData.FromString("""{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"""));

    private QwenModel? _model;
    private QwenServer? _server;
    private ChatClient? _client;

    public async ValueTask InitializeAsync()
    {
        _model = QwenModel.Load(Path.Combine(AppContext.BaseDirectory, "qwensharp-box.gguf"));
        ServerOptions options = new() { Port = 0, Models = [], DrainTime = TimeSpan.Zero };
        _server = await QwenServer.StartAsync(options, [.. ServedModel.Of(_model)], TestContext.Current.CancellationToken);
        _client = new ChatClient(
            _model.Id,
            new ApiKeyCredential("none"),
            new OpenAIClientOptions { Endpoint = new Uri(_server.Address, "/v1") });
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_model is not null)
            await _model.DisposeAsync();
    }

    [Fact]
    public async Task It_calls_a_tool_and_tells_what_the_tool_said()
    {
        ChatCompletionOptions options = new() { Tools = { Weather } };
        List<ChatMessage> messages = [new UserChatMessage("What is the weather in Oslo?")];
        ChatCompletion first = await AskAsync(messages, options);
        ChatToolCall call = Assert.Single(first.ToolCalls);

        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        Assert.Equal("get_weather", call.FunctionName);
        Assert.Equal("Oslo", JsonElement.Parse(call.FunctionArguments.ToString()).GetProperty("city").GetString());

        messages.AddRange([new AssistantChatMessage(first), new ToolChatMessage(call.Id, """{"temperature": 17, "sky": "rainy"}""")]);
        string told = (await AskAsync(messages, options)).Content[0].Text;

        Assert.Contains("17", told);
        Assert.Contains("rainy", told);
    }

    [Fact]
    public async Task It_calls_two_tools_at_once()
    {
        ChatCompletion answer = await AskAsync(
            [new UserChatMessage("What is the weather in Oslo? And in Madrid?")],
            new() { Tools = { Weather } });

        Assert.Equal(
            ["Oslo", "Madrid"],
            answer.ToolCalls.Select(call => JsonElement.Parse(call.FunctionArguments.ToString()).GetProperty("city").GetString()));
    }

    [Fact]
    public async Task Calls_come_while_they_are_written_and_add_up_wherever_they_are_cut()
    {
        int most = 0;
        for (int tokens = 4; tokens <= 64; tokens += 6)
        {
            ChatCompletionOptions options = new() { Tools = { Weather }, Temperature = 0, MaxOutputTokenCount = tokens };
            List<ChatMessage> messages = [new UserChatMessage("What is the weather in Oslo? And in Madrid?")];
            ChatCompletion whole = await _client!.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
            List<string> arguments = [];
            string text = "";
            ChatFinishReason? finish = null;
            int pieces = 0;
            await foreach (StreamingChatCompletionUpdate update in
                _client.CompleteChatStreamingAsync(messages, options, TestContext.Current.CancellationToken))
            {
                foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
                {
                    if (call.Index == arguments.Count)
                        arguments.Add("");

                    arguments[call.Index] += call.FunctionArgumentsUpdate.ToString();
                    pieces++;
                }

                text += string.Concat(update.ContentUpdate.Select(part => part.Text));
                finish = update.FinishReason ?? finish;
            }

            Assert.Equal(whole.ToolCalls.Select(call => call.FunctionArguments.ToString()), arguments);
            Assert.Equal(string.Concat(whole.Content.Select(part => part.Text)), text);
            Assert.Equal(whole.FinishReason, finish);
            most = Math.Max(most, pieces);
        }

        Assert.True(most > 6, $"{most} pieces");
    }

    [Fact]
    public async Task It_calls_nothing_where_words_are_wanted()
    {
        ChatCompletion answer = await AskAsync([new UserChatMessage("Who are you?")], new() { Tools = { Weather } });

        Assert.Empty(answer.ToolCalls);
        Assert.Contains("QwenSharp", answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
    }

    [Fact]
    public async Task A_stream_says_what_the_whole_answer_says()
    {
        List<ChatMessage> messages = [new UserChatMessage("Tell me a short story about a robot named Max.")];
        string whole = (await AskAsync(messages)).Content[0].Text,
            streamed = "";
        await foreach (
            StreamingChatCompletionUpdate update in _client!.CompleteChatStreamingAsync(
                messages,
                new() { Temperature = 0 },
                TestContext.Current.CancellationToken))
        {
            streamed += string.Concat(update.ContentUpdate.Select(part => part.Text));
        }

        Assert.Equal(whole, streamed);
        Assert.InRange(whole.Split(' ').Length, 30, 200);
        Assert.Contains("Max", whole);
    }

    [Fact]
    public async Task It_thinks_where_it_is_asked_to()
    {
        JsonElement message = await ReasonAsync("What is 348 + 275?", thinking: true);

        Assert.NotEmpty(message.GetProperty("reasoning_content").GetString()!);
        Assert.Contains("623", message.GetProperty("content").GetString());
        Assert.False((await ReasonAsync("Hello!", thinking: false)).TryGetProperty("reasoning_content", out _));
    }

    [Fact]
    public async Task It_pulls_fields_out_of_a_sentence()
    {
        string json = (await AskAsync([new UserChatMessage("Extract name and city as JSON: Anna Weber lives in Hamburg.")]))
            .Content[0]
            .Text;

        Assert.Equal(
            ("Anna Weber", "Hamburg"),
            (JsonElement.Parse(json).GetProperty("name").GetString(), JsonElement.Parse(json).GetProperty("city").GetString()));
    }

    [Fact]
    public async Task Many_at_once_get_what_each_gets_alone()
    {
        string[] prompts =
        [
            "Who are you?",
            "What is 'thank you' in French?",
            "How do I download a model?",
            "What is 12 + 30?",
            "Thank you!",
            "Tell me a story.",
        ];
        string[] together =
        [
            .. (await Task.WhenAll(prompts.Select(prompt => AskAsync([new UserChatMessage(prompt)])))).Select(answer =>
                answer.Content[0].Text),
        ];

        for (int i = 0; i < prompts.Length; i++)
            Assert.Equal((await AskAsync([new UserChatMessage(prompts[i])])).Content[0].Text, together[i]);

        Assert.Contains("QwenSharp", together[0]);
        Assert.Contains("merci", together[1]);
        Assert.Contains("qwensharp pull", together[2]);
    }

    private async Task<ChatCompletion> AskAsync(IReadOnlyList<ChatMessage> messages, ChatCompletionOptions? options = null)
    {
        options ??= new();
        options.Temperature = 0;
        return await _client!.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken);
    }

    /// <summary>The client knows no field for reasoning: this asks as it stands on the wire.</summary>
    private async Task<JsonElement> ReasonAsync(string prompt, bool thinking)
    {
        using HttpClient http = new() { BaseAddress = _server!.Address };
        using HttpResponseMessage reply = await http.PostAsync(
            "/v1/chat/completions",
            new StringContent(
                $$"""{"messages": [{"role": "user", "content": "{{prompt}}"}], "temperature": 0, "enable_thinking": {{(thinking ? "true" : "false")}}}""",
                System.Text.Encoding.UTF8,
                "application/json"),
            TestContext.Current.CancellationToken);
        using JsonDocument body = JsonDocument.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return body.RootElement.GetProperty("choices")[0].GetProperty("message").Clone();
    }
}
