using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// What an endpoint leaves undone is done here: calls that it passed on as text are read as calls, and every call has an id of its own, to
/// which its result can refer.
/// </summary>
internal static class SettledAnswer
{
    /// <summary>The answer with its calls; the same where there was nothing to do.</summary>
    public static StepAnswer Of(StepAnswer answer, IReadOnlyList<AITool> tools)
    {
        if (answer.Calls.Count == 0 && DialectOf(answer.Message.Text) is { } dialect)
            answer = answer with { Message = WithCallsRead(answer.Message, dialect, tools) };

        HashSet<string> taken = new(StringComparer.Ordinal);
        if (answer.Message.Contents.OfType<FunctionCallContent>().All(call => call.CallId.Length > 0 && taken.Add(call.CallId)))
            return new StepAnswer(answer.Message, answer.Usage, answer.Finish, answer.Model);

        taken.Clear();
        ChatMessage message = answer.Message.Clone();
        message.Contents = [.. message.Contents.Select(content => content is FunctionCallContent call ? WithId(call, taken) : content)];
        return new StepAnswer(message, answer.Usage, answer.Finish, answer.Model);
    }

    // Qwen3-Coder writes tags for function and parameters, the others JSON between tags.
    private static ToolCallDialect? DialectOf(string text) =>
        text.Contains("<function=", StringComparison.Ordinal) ? ToolCallDialect.Named("xml")
        : text.Contains("<tool_call>", StringComparison.Ordinal) ? ToolCallDialect.Named("hermes")
        : null;

    private static ChatMessage WithCallsRead(ChatMessage message, ToolCallDialect dialect, IReadOnlyList<AITool> tools)
    {
        ReplySplitter splitter = new(new ReplyFormat { ToolCalls = dialect }, tools);
        List<AIContent> read = [.. splitter.Push(message.Text), .. splitter.Finish()];
        if (!read.Any(content => content is FunctionCallContent))
            return message;

        string text = string.Concat(read.OfType<TextContent>().Select(part => part.Text)).Trim();
        ChatMessage settled = message.Clone();
        settled.Contents =
        [
            .. message.Contents.Where(content => content is not TextContent),
            .. read.OfType<TextReasoningContent>(),
            .. text.Length > 0 ? (AIContent[])[new TextContent(text)] : [],
            .. read.OfType<FunctionCallContent>(),
        ];
        return settled;
    }

    private static FunctionCallContent WithId(FunctionCallContent call, HashSet<string> taken)
    {
        if (call.CallId.Length > 0 && taken.Add(call.CallId))
            return call;

        string id = $"call_{Guid.NewGuid():N}";
        taken.Add(id);
        return new FunctionCallContent(id, call.Name, call.Arguments)
        {
            Exception = call.Exception,
            AdditionalProperties = call.AdditionalProperties,
        };
    }
}
