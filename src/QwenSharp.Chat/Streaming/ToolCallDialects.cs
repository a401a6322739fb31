namespace QwenSharp.Chat.Streaming;

/// <summary>The dialects of tool calls, the more special first.</summary>
public static class ToolCallDialects
{
    /// <summary>All dialects, in the order in which they are tried.</summary>
    public static IReadOnlyList<IToolCallDialect> All { get; } = [new XmlToolCalls(), new JsonToolCalls()];

    /// <summary>The dialect that a template teaches; null if it knows no tool calls.</summary>
    public static IToolCallDialect? Of(string template) => All.FirstOrDefault(dialect => dialect.IsTaughtBy(template));

    internal static string NewCallId() => $"call_{Guid.NewGuid():N}";
}
