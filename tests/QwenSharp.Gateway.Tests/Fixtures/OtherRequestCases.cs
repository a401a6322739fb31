using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;
using static QwenSharp.Gateway.Tests.Fixtures.Conversations;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Those of Gemini, of Model Studio in its own form and of Ollama.</summary>
internal static class OtherRequestCases
{
    private const ProviderKind Studio = ProviderKind.DashScope;

    public static IReadOnlyList<RequestCase> All { get; } = [.. Gemini(), .. DashScope(), .. Ollama()];

    private static IEnumerable<RequestCase> Gemini()
    {
        const string Third = "gemini-3.6-flash", Second = "gemini-2.5-pro";
        yield return Of("minimal", f => Call(Third, null, User(f.Text("contents[0].parts[0].text"))));
        yield return Of("all-options", f => Call(
            Third,
            new ChatOptions
            {
                MaxOutputTokens = 300,
                Temperature = 0.3f,
                TopP = 0.9f,
                TopK = 40,
                StopSequences = ["END"],
                Seed = 41,
                PresencePenalty = 0.1f,
                FrequencyPenalty = 0.1f,
                Tools = f.Tools("tools[0].functionDeclarations"),
                ToolMode = ChatToolMode.RequireSpecific("tide_height"),
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
                AdditionalProperties = Properties(
                    (ChatOptionKeys.Logprobs, true),
                    (ChatOptionKeys.TopLogprobs, 2),
                    (RemoteOptionKeys.ServiceTier, "flex"),
                    f.Fields(ProviderKind.Gemini, "safetySettings", "cachedContent", "labels")),
            },
            Instructions(f.Text("systemInstruction.parts[0].text")),
            User(f.Text("contents[0].parts[0].text")))) with
        {
            Without =
            [
                "generationConfig.candidateCount", "generationConfig.responseModalities", "generationConfig.mediaResolution",
            ],
        };
        yield return Of("images", f => Call(
            Third,
            null,
            User(
                Data(f.Text("contents[0].parts[0].inlineData.data"), "image/png"),
                Link(f.Text("contents[0].parts[1].fileData.fileUri")),
                Data(f.Text("contents[0].parts[2].inlineData.data"), "application/pdf"),
                new TextContent(f.Text("contents[0].parts[3].text")))));
        yield return Of("structured-output", f => Call(
            Third,
            new ChatOptions { ResponseFormat = Schema(f.At("generationConfig.responseJsonSchema"), name: null) },
            User(f.Text("contents[0].parts[0].text"))));
        yield return Of("thinking-replay", f => Call(
            Second,
            new ChatOptions { AdditionalProperties = Properties((ChatOptionKeys.ThinkingBudget, 1024)) },
            User(f.Text("contents[0].parts[0].text")),
            Assistant(
                Signed(ProviderKind.Gemini, f.Text("contents[1].parts[0].text"), f.Text("contents[1].parts[1].thoughtSignature")),
                new TextContent(f.Text("contents[1].parts[1].text"))),
            User(f.Text("contents[2].parts[0].text"))));
        yield return Of("tools-parallel-results", f => Call(
            Third,
            new ChatOptions { Tools = f.Tools("tools[0].functionDeclarations") },
            User(f.Text("contents[0].parts[0].text")),
            Assistant(
                Signed(ProviderKind.Gemini, "", f.Text("contents[1].parts[0].thoughtSignature")),
                Function("fc1", "tide_height", f.At("contents[1].parts[0].functionCall.args")),
                Function("fc2", "ferry_times", f.At("contents[1].parts[1].functionCall.args"))),
            Failure("fc2", f.Text("contents[2].parts[0].functionResponse.response.error")),
            Result("fc1", new AIContent[]
            {
                new TextContent(f.At("contents[2].parts[1].functionResponse.response.output").GetRawText()),
                Data(f.Text("contents[2].parts[1].functionResponse.parts[0].inlineData.data"), "image/png"),
            })));

        static RequestCase Of(string name, Func<JsonElement, ProviderCall> call) =>
            new($"gemini/request-{name}.json", ProviderKind.Gemini, call);
    }

    private static IEnumerable<RequestCase> DashScope()
    {
        yield return Of("minimal", f => Call(
            f.Text("model"), Thinks(false), Instructions(f.Text("input.messages[0].content")), User(f.Text("input.messages[1].content"))));
        yield return Of("all-options", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                Temperature = 0.3f,
                TopP = 0.8f,
                TopK = 20,
                Seed = 41,
                MaxOutputTokens = 300,
                StopSequences = ["END"],
                PresencePenalty = 0.1f,
                Tools = f.Tools("parameters.tools"),
                ToolMode = ChatToolMode.Auto,
                AllowMultipleToolCalls = true,
                AdditionalProperties = Properties(
                    (ChatOptionKeys.RepetitionPenalty, 1.05f),
                    (ChatOptionKeys.Logprobs, true),
                    (ChatOptionKeys.TopLogprobs, 2),
                    (ChatOptionKeys.EnableThinking, true),
                    (ChatOptionKeys.ThinkingBudget, 1024)),
            },
            Instructions(f.Text("input.messages[0].content")),
            User(f.Text("input.messages[1].content"))).Streamed()) with
        {
            Without = ["parameters.n", "parameters.enable_search"],
        };
        yield return Of("cache-marker", f => Call(
            f.Text("model"),
            null,
            new ChatMessage(ChatRole.System, [Kept(f.Text("input.messages[0].content[0].text"))]),
            User(f.Text("input.messages[1].content[0].text"))));
        yield return Of("images", f => Call(
            f.Text("model"),
            null,
            User(
                Data(f.Text("input.messages[0].content[0].image"), "image/png"),
                Link(f.Text("input.messages[0].content[1].image")),
                Link(f.Text("input.messages[0].content[2].video"), "video/mp4"),
                new TextContent(f.Text("input.messages[0].content[3].text")))).Streamed());
        yield return Of("structured-output", f =>
        {
            ChatOptions options = Thinks(false);
            options.ResponseFormat = ChatResponseFormat.Json;
            return Call(f.Text("model"), options, User(f.Text("input.messages[0].content")));
        });
        yield return Of("thinking-replay", f => Call(
            f.Text("model"),
            Thinks(true),
            User(f.Text("input.messages[0].content")),
            Assistant(
                new TextReasoningContent(f.Text("input.messages[1].reasoning_content")),
                new TextContent(f.Text("input.messages[1].content"))),
            User(f.Text("input.messages[2].content"))));
        yield return Of("tools-parallel-results", f =>
        {
            ChatOptions options = Thinks(false);
            options.Tools = f.Tools("parameters.tools");
            return Call(
                f.Text("model"),
                options,
                User(f.Text("input.messages[0].content")),
                Assistant(
                    Function(f.Text("input.messages[1].tool_calls[0].id"), "tide_height",
                        f.At("input.messages[1].tool_calls[0].function.arguments")),
                    Function(f.Text("input.messages[1].tool_calls[1].id"), "ferry_times",
                        f.At("input.messages[1].tool_calls[1].function.arguments"))),
                Result(f.Text("input.messages[2].tool_call_id"), f.Text("input.messages[2].content")),
                Result(f.Text("input.messages[3].tool_call_id"), f.Text("input.messages[3].content")));
        });

        static RequestCase Of(string name, Func<JsonElement, ProviderCall> call) =>
            new($"dashscope-native/request-{name}.json", Studio, call);
        static ChatOptions Thinks(bool on) => new() { AdditionalProperties = Properties((ChatOptionKeys.EnableThinking, on)) };
    }

    private static IEnumerable<RequestCase> Ollama()
    {
        yield return Of("minimal", f => Call(f.Text("model"), null, User(f.Text("messages[0].content"))));
        yield return Of("all-options", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                MaxOutputTokens = 300,
                Temperature = 0.3f,
                TopP = 0.9f,
                TopK = 40,
                Seed = 41,
                StopSequences = ["END"],
                PresencePenalty = 0.1f,
                FrequencyPenalty = 0.1f,
                ResponseFormat = ChatResponseFormat.Json,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
                Tools = f.Tools(),
                AdditionalProperties = Properties(
                    (ChatOptionKeys.MinP, 0.05f),
                    (ChatOptionKeys.RepetitionPenalty, 1.1f),
                    (ChatOptionKeys.Logprobs, true),
                    (ChatOptionKeys.TopLogprobs, 2),
                    (RemoteOptionKeys.Fields, JsonElement.Parse(
                        """{"ollama":{"keep_alive":"5m","options":{"num_ctx":32768,"repeat_last_n":64}}}"""))),
            },
            Instructions(f.Text("messages[0].content")),
            User(f.Text("messages[1].content"))));
        yield return Of("images", f => Call(
            f.Text("model"),
            null,
            User(Data(f.Text("messages[0].images[0]"), "image/png"), new TextContent(f.Text("messages[0].content")))));
        yield return Of("structured-output", f => Call(
            f.Text("model"),
            new ChatOptions { ResponseFormat = Schema(f.At("format"), name: null) },
            User(f.Text("messages[0].content"))));
        yield return Of("tools-parallel-results", f => Call(
            f.Text("model"),
            new ChatOptions { Tools = f.Tools() },
            User(f.Text("messages[0].content")),
            Assistant(
                new TextReasoningContent(f.Text("messages[1].thinking")),
                Function(f.Text("messages[1].tool_calls[0].id"), "tide_height", f.At("messages[1].tool_calls[0].function.arguments")),
                Function(f.Text("messages[1].tool_calls[1].id"), "ferry_times", f.At("messages[1].tool_calls[1].function.arguments"))),
            Result(f.Text("messages[2].tool_call_id"), f.Text("messages[2].content")),
            Result(f.Text("messages[3].tool_call_id"), f.Text("messages[3].content"))));

        static RequestCase Of(string name, Func<JsonElement, ProviderCall> call) =>
            new($"ollama/request-{name}.json", ProviderKind.Ollama, call);
    }
}
