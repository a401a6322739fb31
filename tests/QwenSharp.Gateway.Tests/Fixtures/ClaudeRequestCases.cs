using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;
using static QwenSharp.Gateway.Tests.Fixtures.Conversations;

namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>Claude's, at Anthropic, on Vertex and on Bedrock in both of its forms.</summary>
internal static class ClaudeRequestCases
{
    private const ProviderKind Anthropic = ProviderKind.Anthropic;
    private const string OnBedrock = "eu.anthropic.claude-haiku-4-5-20251001-v1:0";

    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. AtAnthropic(), .. OnVertex(), .. Invoked(), .. Conversed(),
    ];

    private static IEnumerable<RequestCase> AtAnthropic()
    {
        yield return Of("minimal", f => Call(f.Text("model"), Limit(f), User(f.Text("messages[0].content"))));
        yield return Of("all-options", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                MaxOutputTokens = 1024,
                Temperature = 0.2f,
                TopK = 40,
                StopSequences = ["END", "\n\n"],
                Tools = f.Tools(),
                ToolMode = ChatToolMode.Auto,
                AllowMultipleToolCalls = false,
                AdditionalProperties = Properties(
                    (RemoteOptionKeys.User, f.Text("metadata.user_id")),
                    (RemoteOptionKeys.ServiceTier, "auto"),
                    f.Fields(Anthropic, "inference_geo")),
            },
            new ChatMessage(ChatRole.System, [new TextContent(f.Text("system[0].text")), Kept(f.Text("system[1].text"), "1h")]),
            User(f.Text("messages[0].content[0].text"))).Streamed()) with
        {
            Without = ["messages[0].content", "tools[0].eager_input_streaming", "tools[0].input_examples", "tools[1].type"],
        };
        yield return Of("cache-markers", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                MaxOutputTokens = 300,
                Tools = [OfferedTool.Read(f.At("tools[0]")), OfferedTool.Read(f.At("tools[1]"), keep: "1h")],
            },
            new ChatMessage(ChatRole.System, [Kept(f.Text("system[0].text"), "1h")]),
            User(Kept(f.Text("messages[0].content[0].text"), "5m")),
            Assistant(new TextContent(f.Text("messages[1].content[0].text"))),
            User(Kept(f.Text("messages[2].content[0].text"))))) with
        {
            Without = ["messages[1].content"],
        };
        yield return Of("documents-citations", f => Call(
            f.Text("model"),
            Limit(f),
            User(
                With(
                    With(
                        With(Data(f.Text("messages[0].content[0].source.data"), "application/pdf"), ContentKeys.Title, "Note"),
                        ContentKeys.Context,
                        f.Text("messages[0].content[0].context")),
                    ContentKeys.Citations,
                    true),
                With(
                    new DataContent(
                        System.Text.Encoding.UTF8.GetBytes(f.Text("messages[0].content[1].source.data")), "text/plain"),
                    ContentKeys.Citations,
                    true),
                Link(f.Text("messages[0].content[2].source.url"), "application/pdf"),
                new TextContent("-"),
                new TextContent("-"),
                new TextContent(f.Text("messages[0].content[5].text"))))) with
        {
            // Neutral types have neither documents of pieces nor results of a search.
            Without =
            [
                "messages[0].content[3].type", "messages[0].content[3].source", "messages[0].content[4].type",
                "messages[0].content[4].source", "messages[0].content[4].title", "messages[0].content[4].content",
                "messages[0].content[4].citations",
            ],
        };
        yield return Of("images", f => Call(
            f.Text("model"),
            Limit(f),
            User(
                Data(f.Text("messages[0].content[0].source.data"), "image/png"),
                Link(f.Text("messages[0].content[1].source.url")),
                new TextContent(f.Text("messages[0].content[2].text")))));
        yield return Of("prefill", f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 60, AdditionalProperties = Properties((ChatOptionKeys.ContinueFinalMessage, true)) },
            User(f.Text("messages[0].content")),
            Assistant(new TextContent(f.Text("messages[1].content")))));
        yield return Of("structured-output", f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 300, ResponseFormat = Schema(f.At("output_config.format.schema"), name: null) },
            User(f.Text("messages[0].content"))));
        yield return Of("thinking-adaptive", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                MaxOutputTokens = 8000,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh, Output = ReasoningOutput.Summary },
            },
            User(f.Text("messages[0].content"))));
        yield return Of("thinking-budget-legacy", f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 6000, AdditionalProperties = Properties((ChatOptionKeys.ThinkingBudget, 2048)) },
            User(f.Text("messages[0].content"))));
        yield return Of("thinking-replay", f => Call(
            f.Text("model"),
            new ChatOptions
            {
                MaxOutputTokens = 4000,
                Tools = f.Tools(),
                AdditionalProperties = Properties((ChatOptionKeys.EnableThinking, true)),
            },
            User(f.Text("messages[0].content")),
            Assistant(
                Signed(Anthropic, f.Text("messages[1].content[0].thinking"), f.Text("messages[1].content[0].signature")),
                Signed(Anthropic, "", f.Text("messages[1].content[1].data"), "redacted_thinking"),
                new TextContent(f.Text("messages[1].content[2].text")),
                Signed(Anthropic, "", f.Text("messages[1].content[3].signature")),
                Function("toolu_01Tide", "tide_height", f.At("messages[1].content[4].input"))),
            Result("toolu_01Tide", f.Text("messages[2].content[0].content"))));
        yield return Of("tool-choice-any", f => Choice(f, ChatToolMode.RequireAny, one: true));
        yield return Of("tool-choice-auto", f => Choice(f, ChatToolMode.Auto));
        yield return Of("tool-choice-none", f => Choice(f, ChatToolMode.None));
        yield return Of("tool-choice-tool", f => Choice(f, ChatToolMode.RequireSpecific("ferry_times")));
        yield return Of("tools-parallel-results", f => Call(
            f.Text("model"),
            new ChatOptions { MaxOutputTokens = 1024, Tools = f.Tools() },
            User(f.Text("messages[0].content")),
            Assistant(
                new TextContent(f.Text("messages[1].content[0].text")),
                Function("toolu_01Tide", "tide_height", f.At("messages[1].content[1].input")),
                Function("toolu_01Ferry", "ferry_times", f.At("messages[1].content[2].input"))),
            Failure("toolu_01Ferry", f.Text("messages[2].content[0].content")),
            new ChatMessage(ChatRole.Tool,
            [
                Kept(new FunctionResultContent("toolu_01Tide", new AIContent[]
                {
                    new TextContent(f.Text("messages[2].content[1].content[0].text")),
                    Data(f.Text("messages[2].content[1].content[1].source.data"), "image/png"),
                })),
            ]),
            User(f.Text("messages[2].content[2].text"))));

        static RequestCase Of(string name, Func<JsonElement, ProviderCall> call) =>
            new($"anthropic/request-{name}.json", Anthropic, call);
    }

    private static IEnumerable<RequestCase> OnVertex()
    {
        yield return new("vertex-claude/request-minimal.json", ProviderKind.Vertex, f => Call(
            "claude-sonnet-5", Limit(f), User(f.Text("messages[0].content"))));
        yield return new("vertex-claude/request-stream-all.json", ProviderKind.Vertex, f => Call(
            "claude-sonnet-5",
            new ChatOptions
            {
                MaxOutputTokens = 4000,
                Tools = f.Tools(),
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
            },
            new ChatMessage(ChatRole.System, [Kept(f.Text("system[0].text"))]),
            User(
                Data(f.Text("messages[0].content[0].source.data"), "image/png"),
                new TextContent(f.Text("messages[0].content[1].text")))).Streamed());
    }

    private static IEnumerable<RequestCase> Invoked()
    {
        yield return new("bedrock-claude/request-invoke-minimal.json", ProviderKind.Bedrock, f => Call(
            OnBedrock, Limit(f), User(f.Text("messages[0].content"))));
        yield return new("bedrock-claude/request-invoke-all.json", ProviderKind.Bedrock, f => Call(
            OnBedrock,
            new ChatOptions
            {
                MaxOutputTokens = 2000,
                StopSequences = ["END"],
                Tools = f.Tools(),
                ToolMode = ChatToolMode.Auto,
                AdditionalProperties = Properties((ChatOptionKeys.ThinkingBudget, 1024), f.Fields(ProviderKind.Bedrock, "anthropic_beta")),
            },
            new ChatMessage(ChatRole.System, [Kept(f.Text("system[0].text"), "1h")]),
            User(
                Data(f.Text("messages[0].content[0].source.data"), "image/png"),
                new TextContent(f.Text("messages[0].content[1].text")))));
        yield return new("bedrock-claude/request-invoke-tools-replay.json", ProviderKind.Bedrock, f => Call(
            OnBedrock,
            new ChatOptions
            {
                MaxOutputTokens = 2000,
                Tools = f.Tools(),
                AdditionalProperties = Properties((ChatOptionKeys.ThinkingBudget, 1024)),
            },
            User(f.Text("messages[0].content")),
            Assistant(
                Signed(ProviderKind.Bedrock, f.Text("messages[1].content[0].thinking"), f.Text("messages[1].content[0].signature")),
                Function("toolu_bdrk_01Tide", "tide_height", f.At("messages[1].content[1].input")),
                Function("toolu_bdrk_01Ferry", "ferry_times", f.At("messages[1].content[2].input"))),
            Result("toolu_bdrk_01Tide", f.Text("messages[2].content[0].content")),
            Failure("toolu_bdrk_01Ferry", f.Text("messages[2].content[1].content"))));
    }

    private static IEnumerable<RequestCase> Conversed()
    {
        const string Model = "eu.amazon.nova-pro-v1:0";
        yield return new("bedrock-claude/request-converse-minimal.json", ProviderKind.Bedrock, f => Call(
            Model, null, User(f.Text("messages[0].content[0].text"))));
        yield return new("bedrock-claude/request-converse-all.json", ProviderKind.Bedrock, f => Call(
            Model,
            new ChatOptions
            {
                MaxOutputTokens = 512,
                Temperature = 0.2f,
                TopP = 0.9f,
                TopK = 40,
                StopSequences = ["END"],
                Tools = [OfferedTool.Read(f.At("toolConfig.tools[0]")), OfferedTool.Read(f.At("toolConfig.tools[1]"), keep: "")],
                ToolMode = ChatToolMode.RequireAny,
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
                AdditionalProperties = Properties(
                    (ChatOptionKeys.ThinkingBudget, 1024),
                    (RemoteOptionKeys.ServiceTier, "default"),
                    (RemoteOptionKeys.Metadata, f.At("requestMetadata")),
                    f.Fields(ProviderKind.Bedrock, "performanceConfig")),
            },
            new ChatMessage(ChatRole.System, [Kept(f.Text("system[0].text"), "1h")]),
            User(
                new TextContent(f.Text("messages[0].content[0].text")),
                Data(f.Text("messages[0].content[1].image.source.bytes"), "image/png"),
                Kept(Data(f.Text("messages[0].content[2].document.source.bytes"), "application/pdf", "note.pdf")))))
        {
            Without = ["additionalModelRequestFields.anthropic_beta"],
        };
        yield return new("bedrock-claude/request-converse-tools-replay.json", ProviderKind.Bedrock, f => Call(
            Model,
            new ChatOptions { Tools = f.Tools("toolConfig.tools") },
            User(f.Text("messages[0].content[0].text")),
            Assistant(
                Signed(
                    ProviderKind.Bedrock,
                    f.Text("messages[1].content[0].reasoningContent.reasoningText.text"),
                    f.Text("messages[1].content[0].reasoningContent.reasoningText.signature")),
                Signed(
                    ProviderKind.Bedrock, "", f.Text("messages[1].content[1].reasoningContent.redactedContent"), "redactedContent"),
                Function("tooluse_Tide1", "tide_height", f.At("messages[1].content[2].toolUse.input")),
                Function("tooluse_Ferry2", "ferry_times", f.At("messages[1].content[3].toolUse.input"))),
            Failure("tooluse_Ferry2", f.Text("messages[2].content[0].toolResult.content[0].text")),
            Result("tooluse_Tide1", new AIContent[]
            {
                new TextContent(f.At("messages[2].content[1].toolResult.content[0].json").GetRawText()),
                Data(f.Text("messages[2].content[1].toolResult.content[1].image.source.bytes"), "image/png"),
            })))
        {
            // Text that holds JSON stays text.
            Without = ["messages[2].content[1].toolResult.content[0].json"],
        };
    }

    private static ChatOptions Limit(JsonElement request) => new() { MaxOutputTokens = request.At("max_tokens").GetInt32() };

    private static ProviderCall Choice(JsonElement f, ChatToolMode mode, bool one = false) => Call(
        f.Text("model"),
        new ChatOptions { MaxOutputTokens = 60, Tools = f.Tools(), ToolMode = mode, AllowMultipleToolCalls = one ? false : null },
        User(f.Text("messages[0].content")));
}
