using Microsoft.Extensions.AI;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>Results of tools as the conversation keeps them.</summary>
internal static class ToolResults
{
    /// <summary>How a failure begins: the wire forms have no other place to say that it is one.</summary>
    public const string ErrorMark = "Error: ";

    /// <summary>The message that answers a call.</summary>
    public static ChatMessage Message(FunctionCallContent call, ToolResult result)
    {
        string text = result.IsError && !result.Text.StartsWith(ErrorMark, StringComparison.Ordinal)
            ? ErrorMark + result.Text
            : result.Text.Length > 0 ? result.Text : "(no output)";
        object told = result.Parts.Count == 0 ? text : (AIContent[])[new TextContent(text), .. result.Parts];
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, told)]);
    }
}
