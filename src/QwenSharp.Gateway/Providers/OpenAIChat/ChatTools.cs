using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.OpenAIChat;

/// <summary>The tools of a request and which of them may or must be called.</summary>
internal static class ChatTools
{
    public static void Write(ChatHabits habits, AskedOptions asked, JsonObject body, ChatMarks marks, Losses losses)
    {
        bool narrows = asked.Common.AllowedTools is not null;
        bool canNarrow = habits.Takes.Contains("allowed_tools");
        IReadOnlyList<AIFunctionDeclaration> tools = narrows && !canNarrow ? asked.CallableTools : asked.Tools;
        if (tools.Count == 0)
            return;

        body["tools"] = WireNodes.Array(tools.Select((tool, place) => Tool(habits, tool, place, marks, losses)));
        if (Choice(habits, asked, narrows && canNarrow, losses) is { } choice)
            body["tool_choice"] = choice;

        if (asked.Options.AllowMultipleToolCalls is { } several)
        {
            if (habits.Takes.Contains("parallel_tool_calls"))
                body["parallel_tool_calls"] = several;
            else
                losses.AddIf(!several, "parallel_tool_calls");
        }
    }

    private static JsonObject Tool(ChatHabits habits, AIFunctionDeclaration tool, int place, ChatMarks marks, Losses losses)
    {
        JsonObject function = new() { ["name"] = tool.Name };
        if (tool.Description.Length > 0)
            function["description"] = tool.Description;

        function["parameters"] = WireNodes.Node(tool.JsonSchema);
        if (AskedOptions.IsStrict(tool) is { } strict)
        {
            if (habits.Takes.Contains(ContentKeys.Strict))
                function[ContentKeys.Strict] = strict;
            else
                losses.AddIf(strict, $"tools[{place}].strict");
        }

        JsonObject written = new() { ["type"] = "function", ["function"] = function };
        marks.Write(written, tool.CacheLifetime, $"tools[{place}]");
        return written;
    }

    private static JsonNode? Choice(ChatHabits habits, AskedOptions asked, bool narrows, Losses losses)
    {
        if (narrows)
        {
            return new JsonObject
            {
                ["type"] = "allowed_tools",
                ["allowed_tools"] = new JsonObject
                {
                    ["mode"] = asked.MustCall ? habits.Required : "auto",
                    ["tools"] = WireNodes.Array(asked.Common.AllowedTools!.Select(Named)),
                },
            };
        }

        if (asked.MustNotCall)
            return "none";

        if (!asked.MustCall)
            return asked.Options.ToolMode is AutoChatToolMode ? "auto" : null;

        if (asked.RequiredTool is { } name)
            return Lost(habits, losses, "named_tool_choice") ? null : Named(name);

        return Lost(habits, losses, "required_tool_choice") ? null : habits.Required;
    }

    private static bool Lost(ChatHabits habits, Losses losses, string what)
    {
        bool lost = !habits.Takes.Contains(what);
        losses.AddIf(lost, "tool_choice");
        return lost;
    }

    private static JsonObject Named(string name) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name },
    };
}
