using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIResponses;

/// <summary>The tools of a response, flat, and which of them may or must be called.</summary>
internal static class ResponseTools
{
    public static void Write(AskedOptions asked, JsonObject body, Losses losses)
    {
        asked.LoseHosted(losses);
        if (asked.Tools.Count == 0)
            return;

        body["tools"] = WireNodes.Array(asked.Tools.Select((tool, place) => Tool(tool, place, losses)));
        if (Choice(asked) is { } choice)
            body["tool_choice"] = choice;

        if (asked.Options.AllowMultipleToolCalls is { } several)
            body["parallel_tool_calls"] = several;
    }

    private static JsonObject Tool(AIFunctionDeclaration tool, int place, Losses losses)
    {
        losses.AddIf(tool.CacheLifetime is not null, $"tools[{place}].cache_control");
        JsonObject written = new() { ["type"] = "function", ["name"] = tool.Name };
        if (tool.Description.Length > 0)
            written["description"] = tool.Description;

        written["parameters"] = WireNodes.Node(tool.JsonSchema);

        // Here a schema is strict unless it is said not to be, and few are written for that.
        written["strict"] = AskedOptions.IsStrict(tool) ?? false;
        return written;
    }

    private static JsonNode? Choice(AskedOptions asked)
    {
        if (asked.Common.AllowedTools is { } allowed)
        {
            return new JsonObject
            {
                ["type"] = "allowed_tools",
                ["mode"] = asked.MustCall ? "required" : "auto",
                ["tools"] = WireNodes.Array(allowed.Select(Named)),
            };
        }

        return asked switch
        {
            { MustNotCall: true } => "none",
            { RequiredTool: { } name } => Named(name),
            { MustCall: true } => "required",
            { Options.ToolMode: AutoChatToolMode } => "auto",
            _ => null,
        };
    }

    private static JsonObject Named(string name) => new() { ["type"] = "function", ["name"] = name };
}
