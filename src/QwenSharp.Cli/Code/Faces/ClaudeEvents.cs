using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Cli.Code.Faces;

/// <summary>The events of an agent in the JSON shapes of Claude Code's headless output, which programs around agents read.</summary>
/// <param name="about">The session.</param>
internal sealed class ClaudeEvents(SessionFacts about)
{
    /// <summary>The first line: where the agent works, and with what.</summary>
    public JsonObject Init() => Event("system", new JsonObject
    {
        ["subtype"] = "init",
        ["cwd"] = about.Directory,
        ["tools"] = new JsonArray([.. about.Tools.Select(tool => (JsonNode)tool)]),
        ["mcp_servers"] = new JsonArray(),
        ["model"] = about.Model,
        ["permissionMode"] = PermissionModes.InEvents(about.Mode),
        ["slash_commands"] = new JsonArray(),
        ["apiKeySource"] = "none",
        ["output_style"] = "default",
        ["agents"] = new JsonArray(),
    });

    /// <summary>An answer of the model.</summary>
    public JsonObject Assistant(TurnEnded turn) => Event("assistant", new JsonObject
    {
        ["message"] = new JsonObject
        {
            ["id"] = turn.Message.MessageId ?? $"msg_{Guid.NewGuid():N}",
            ["type"] = "message",
            ["role"] = "assistant",
            ["model"] = turn.Model ?? about.Model,
            ["content"] = new JsonArray([.. turn.Message.Contents.Select(Block).OfType<JsonNode>()]),
            ["stop_reason"] = turn.Message.Contents.Any(content => content is FunctionCallContent) ? "tool_use" : "end_turn",
            ["stop_sequence"] = null,
            ["usage"] = Usage(turn.Usage ?? new UsageDetails()),
        },
        ["parent_tool_use_id"] = null,
    });

    /// <summary>The result of a call.</summary>
    public JsonObject ToolResult(ToolEnded ended) => Event("user", new JsonObject
    {
        ["message"] = new JsonObject
        {
            ["role"] = "user",
            ["content"] = new JsonArray(new JsonObject
            {
                ["tool_use_id"] = ended.CallId,
                ["type"] = "tool_result",
                ["content"] = Content(ended.Result),
                ["is_error"] = ended.Result.IsError,
            }),
        },
        ["parent_tool_use_id"] = null,
    });

    /// <summary>The last line.</summary>
    public JsonObject Result(RunResult result) => Event("result", new JsonObject
    {
        ["subtype"] = result.Done.Outcome switch
        {
            AgentOutcome.Answered => "success",
            AgentOutcome.TurnLimit => "error_max_turns",
            _ => "error_during_execution",
        },
        ["is_error"] = result.IsError,
        ["duration_ms"] = (long)result.Took.TotalMilliseconds,
        ["num_turns"] = result.Done.Turns,
        ["result"] = result.Done.Text,
        ["usage"] = Usage(result.Usage),
        ["permission_denials"] = new JsonArray([.. result.Denials.Select(denied => (JsonNode)new JsonObject
        {
            ["tool_name"] = denied.Tool,
            ["tool_use_id"] = denied.CallId,
            ["tool_input"] = JsonObject.Create(denied.Arguments),
        })]),
    });

    private static JsonObject? Block(AIContent content) => content switch
    {
        TextContent text => new() { ["type"] = "text", ["text"] = text.Text },
        TextReasoningContent thought => new()
        {
            ["type"] = "thinking",
            ["thinking"] = thought.Text,
            ["signature"] = thought.ProtectedData ?? "",
        },
        FunctionCallContent call => new()
        {
            ["type"] = "tool_use",
            ["id"] = call.CallId,
            ["name"] = call.Name,
            ["input"] = JsonObject.Create(CallArguments.Json(call)),
        },
        _ => null,
    };

    private static JsonNode Content(ToolResult result) => result.Parts.Count == 0
        ? JsonValue.Create(result.Text)
        : new JsonArray(
        [
            new JsonObject { ["type"] = "text", ["text"] = result.Text },
            .. result.Parts.OfType<DataContent>().Select(part => (JsonNode)new JsonObject
            {
                ["type"] = "image",
                ["source"] = new JsonObject
                {
                    ["type"] = "base64",
                    ["media_type"] = part.MediaType,
                    ["data"] = Convert.ToBase64String(part.Data.Span),
                },
            }),
        ]);

    // There, what was read from the cache is not among the input.
    private static JsonObject Usage(UsageDetails usage) => new()
    {
        ["input_tokens"] = (usage.InputTokenCount ?? 0) - (usage.CachedInputTokenCount ?? 0),
        ["cache_creation_input_tokens"] = 0,
        ["cache_read_input_tokens"] = usage.CachedInputTokenCount ?? 0,
        ["output_tokens"] = usage.OutputTokenCount ?? 0,
    };

    private JsonObject Event(string type, JsonObject fields)
    {
        fields.Insert(0, "type", type);
        fields["session_id"] = about.SessionId;
        fields["uuid"] = Guid.NewGuid().ToString();
        return fields;
    }
}
