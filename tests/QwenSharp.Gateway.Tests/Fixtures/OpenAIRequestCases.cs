using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;
using static QwenSharp.Gateway.Tests.Fixtures.Conversations;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>OpenAI's own, in both of its forms.</summary>
internal static class OpenAIRequestCases
{
    private const ProviderKind Chat = ProviderKind.OpenAI;
    private const ProviderKind Responses = ProviderKind.OpenAIResponses;

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        new("openai-chat/request-minimal.json", Chat, f => Call(f.Text("model"), null, User(f.Text("messages[0].content")))),
        new("openai-chat/request-all-options.json", Chat, ChatOptions)
        {
            Without = ["messages[0].content", "tools[2]", "stream_options.include_obfuscation"],
        },
        new("openai-chat/request-cache-breakpoints.json", Chat, f => Call(
            f.Text("model"),
            new ChatOptions
            {
                AdditionalProperties = Properties(
                    (RemoteOptionKeys.PromptCacheKey, f.Text("prompt_cache_key")), f.Fields(Chat, "prompt_cache_options")),
            },
            new ChatMessage(ChatRole.System, [Kept(f.Text("messages[0].content[0].text"), "30m")]),
            User(Kept(f.Text("messages[1].content[0].text")), new TextContent(f.Text("messages[1].content[1].text"))))),
        new("openai-chat/request-images.json", Chat, f => Call(
            f.Text("model"),
            null,
            User(
                new TextContent(f.Text("messages[0].content[0].text")),
                With(Data(f.Text("messages[0].content[1].image_url.url"), "image/png"), ContentKeys.Detail, "low"),
                With(Link(f.Text("messages[0].content[2].image_url.url")), ContentKeys.Detail, "high"),
                Data(f.Text("messages[0].content[3].file.file_data"), "application/pdf", "note.pdf")))),
        new("openai-chat/request-reasoning.json", Chat, f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 4000, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh } },
            Developer(f.Text("messages[0].content")),
            User(f.Text("messages[1].content")))),
        new("openai-chat/request-structured-output.json", Chat, f => Call(
            f.Text("model"),
            new ChatOptions
            {
                ResponseFormat = Schema(f.At("response_format.json_schema.schema"), description: "One reading"),
            },
            User(f.Text("messages[0].content")))),
        new("openai-chat/request-tool-choice-named.json", Chat, f => Choice(f, ChatToolMode.RequireSpecific("ferry_times"))),
        new("openai-chat/request-tool-choice-none.json", Chat, f => Choice(f, ChatToolMode.None)),
        new("openai-chat/request-tool-choice-required.json", Chat, f => Choice(f, ChatToolMode.RequireAny)),
        new("openai-chat/request-tools-parallel-results.json", Chat, f => Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools(), ToolMode = ChatToolMode.Auto },
            Instructions(f.Text("messages[0].content")),
            User(f.Text("messages[1].content")),
            Assistant(
                Function("call_a1Tide", "tide_height", f.At("messages[2].tool_calls[0].function.arguments")),
                Function("call_b2Ferry", "ferry_times", f.At("messages[2].tool_calls[1].function.arguments"))),
            Failure("call_b2Ferry", f.Text("messages[3].content")),
            Result("call_a1Tide", Texts(f, "messages[4].content[0].text", "messages[4].content[1].text"))))
        {
            Losses = ["messages[3].is_error"],
        },

        new("openai-responses/request-minimal.json", Responses, f => Call(f.Text("model"), null, User(f.Text("input"))))
        {
            Without = ["input"],
        },
        new("openai-responses/request-all-options.json", Responses, ResponseOptions)
        {
            Without = ["input[0].content", "reasoning.context", "text.format", "tools[2]"],
        },
        new("openai-responses/request-assistant-replay.json", Responses, f => Call(
            f.Text("model"),
            null,
            User(f.Text("input[0].content")),
            Assistant(With(new TextContent(f.Text("input[1].content[0].text")), ContentKeys.Phase, "final_answer")),
            User(f.Text("input[2].content"))))
        {
            Without =
            [
                "input[0].content", "input[1].id", "input[1].content[0].annotations", "input[1].content[0].logprobs", "input[2].content",
            ],
        },
        new("openai-responses/request-cache-breakpoints.json", Responses, f => Call(
            f.Text("model"),
            new ChatOptions
            {
                AdditionalProperties = Properties(
                    (RemoteOptionKeys.PromptCacheKey, f.Text("prompt_cache_key")), f.Fields(Responses, "prompt_cache_options")),
            },
            User(Kept(f.Text("input[0].content[0].text")), new TextContent(f.Text("input[0].content[1].text"))))),
        new("openai-responses/request-images.json", Responses, f => Call(
            f.Text("model"),
            null,
            User(
                new TextContent(f.Text("input[0].content[0].text")),
                With(Data(f.Text("input[0].content[1].image_url"), "image/png"), ContentKeys.Detail, "low"),
                With(Link(f.Text("input[0].content[2].image_url")), ContentKeys.Detail, "original"),
                With(
                    new HostedFileContent(f.Text("input[0].content[3].file_id")) { MediaType = "image/png" }, ContentKeys.Detail, "auto"),
                Data(f.Text("input[0].content[4].file_data"), "application/pdf", "note.pdf"),
                Link(f.Text("input[0].content[5].file_url"), "application/pdf")))),
        new("openai-responses/request-structured-output.json", Responses, f => Call(
            f.Text("model"), new ChatOptions { ResponseFormat = Schema(f.At("text.format.schema")) }, User(f.Text("input"))))
        {
            Without = ["input"],
        },
        new("openai-responses/request-tools-replay.json", Responses, f => Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools() },
            User(f.Text("input[0].content")),
            Assistant(
                Signed(Responses, f.Text("input[1].summary[0].text"), f.At("input[1]").GetRawText()),
                Function("call_a1Tide", "tide_height", f.At("input[2].arguments")),
                Function("call_b2Ferry", "ferry_times", f.At("input[3].arguments"))),
            Failure("call_b2Ferry", f.Text("input[4].output")),
            Result("call_a1Tide", new AIContent[]
            {
                new TextContent(f.Text("input[5].output[0].text")), Data(f.Text("input[5].output[1].image_url"), "image/png"),
            })))
        {
            Without = ["input[0].content", "input[2].id", "input[2].status", "input[3].id", "input[3].status", "input[4].status"],
            Losses = ["messages[2].is_error"],
        },
    ];

    private static AIContent[] Texts(JsonElement request, params string[] paths) =>
        [.. paths.Select(path => new TextContent(request.Text(path)))];

    private static ProviderCall Choice(JsonElement request, ChatToolMode mode) => Call(
        request.Text("model"), new ChatOptions { Tools = request.Tools(), ToolMode = mode }, User(request.Text("messages[0].content")));

    private static ProviderCall ChatOptions(JsonElement f) => Call(
        f.Text("model"),
        new ChatOptions
        {
            MaxOutputTokens = 300,
            StopSequences = ["\n\n", "END"],
            Seed = 41,
            Temperature = 0.4f,
            TopP = 0.9f,
            FrequencyPenalty = 0.2f,
            PresencePenalty = -0.1f,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
            Tools = f.Tools(),
            AllowMultipleToolCalls = false,
            AdditionalProperties = Properties(
                (RemoteOptionKeys.Verbosity, "low"),
                (ChatOptionKeys.LogitBias, new Dictionary<int, float> { [1734] = -100 }),
                (ChatOptionKeys.Logprobs, true),
                (ChatOptionKeys.TopLogprobs, 3),
                (ChatOptionKeys.AllowedTools, new[] { "tide_height" }),
                (RemoteOptionKeys.ServiceTier, "flex"),
                (RemoteOptionKeys.Metadata, f.At("metadata")),
                (RemoteOptionKeys.User, f.Text("user")),
                (RemoteOptionKeys.PromptCacheKey, f.Text("prompt_cache_key")),
                (RemoteOptionKeys.PromptCacheRetention, "24h"),
                f.Fields(
                    Chat, "n", "response_format", "modalities", "store", "safety_identifier", "prompt_cache_options", "moderation",
                    "prediction")),
        },
        new ChatMessage(new ChatRole("developer"), f.Text("messages[0].content[0].text")) { AuthorName = "ops" },
        new ChatMessage(ChatRole.User, f.Text("messages[1].content")) { AuthorName = "skipper_7" }).Streamed();

    private static ProviderCall ResponseOptions(JsonElement f) => Call(
        f.Text("model"),
        new ChatOptions
        {
            MaxOutputTokens = 500,
            Temperature = 0.3f,
            TopP = 0.9f,
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Medium, Output = ReasoningOutput.Summary },
            Tools = f.Tools(),
            ToolMode = ChatToolMode.RequireAny,
            AllowMultipleToolCalls = false,
            AdditionalProperties = Properties(
                (RemoteOptionKeys.Verbosity, "low"),
                (ChatOptionKeys.Logprobs, true),
                (ChatOptionKeys.TopLogprobs, 2),
                (ChatOptionKeys.AllowedTools, new[] { "tide_height" }),
                (RemoteOptionKeys.ServiceTier, "auto"),
                (RemoteOptionKeys.Metadata, f.At("metadata")),
                (RemoteOptionKeys.User, f.Text("user")),
                (RemoteOptionKeys.PromptCacheKey, f.Text("prompt_cache_key")),
                (RemoteOptionKeys.PromptCacheRetention, "in_memory"),
                f.Fields(
                    Responses, "instructions", "max_tool_calls", "truncation", "safety_identifier", "prompt_cache_options", "background",
                    "stream_options", "moderation")),
        },
        Developer(f.Text("input[0].content")),
        User(f.Text("input[1].content[0].text"))).Streamed();
}
