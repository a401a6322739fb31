using System.Text.Json;
using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>What a tool gave back.</summary>
/// <param name="CallId">The id of the call.</param>
/// <param name="Parts">Text and media.</param>
/// <param name="HasFailed">Whether that is why it gave nothing.</param>
internal sealed record ToolResult(string CallId, IReadOnlyList<AIContent> Parts, bool HasFailed)
{
    /// <summary>All of its text.</summary>
    public string Text => string.Concat(Parts.OfType<TextContent>().Select(part => part.Text));

    /// <summary>Its text, with a word before it where the form has no other way to say that the tool failed.</summary>
    public string MarkedText => HasFailed && !Text.StartsWith("error", StringComparison.OrdinalIgnoreCase) ? $"Error: {Text}" : Text;

    public static ToolResult Of(FunctionResultContent result)
    {
        bool failed = result.Exception is not null;
        return new ToolResult(result.CallId, result.Result switch
        {
            null when failed => [new TextContent(result.Exception!.Message)],
            null => [],
            string text => [new TextContent(text)],
            AIContent part => [part],
            IEnumerable<AIContent> parts => [.. parts],
            JsonElement { ValueKind: JsonValueKind.String } text => [new TextContent(text.GetString())],
            JsonElement json => [new TextContent(json.GetRawText())],
            object value => [new TextContent(JsonSerializer.Serialize(
                value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType())))],
        }, failed);
    }
}
