using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// What an endpoint leaves undone is done here: arguments that are almost JSON are mended, calls that it passed on as text are read as
/// calls, and every call has an id of its own, to which its result can refer.
/// </summary>
internal static class SettledAnswer
{
    /// <summary>The answer with its calls; what there is nothing to do about stays as it came.</summary>
    public static StepAnswer Of(StepAnswer answer, IReadOnlyList<AITool> tools)
    {
        IReadOnlyList<AIContent> contents = answer.Message.Contents.Any(content => content is FunctionCallContent)
            ? [.. answer.Message.Contents.Select(content => content is FunctionCallContent call ? Mended(call, tools) : content)]
            : WithCallsRead(answer.Message, tools);
        contents = WithOwnIds(contents);
        if (contents.SequenceEqual(answer.Message.Contents))
            return answer;

        ChatMessage message = answer.Message.Clone();
        message.Contents = [.. contents];
        return new StepAnswer(message, answer.Usage, answer.Finish, answer.Model);
    }

    // The reader of replies mends what it can be certain of, and takes all else for text.
    private static FunctionCallContent Mended(FunctionCallContent call, IReadOnlyList<AITool> tools)
    {
        if (call.Exception is null || call.AdditionalProperties?.GetValueOrDefault(ContentKeys.RawArguments) is not string raw)
            return call;

        string written = $"<tool_call>\n{{\"name\": \"{call.Name}\", \"arguments\": {raw}}}\n</tool_call>";
        return Read(written, ToolCallDialect.Named("hermes")!, tools) is [FunctionCallContent read]
            ? new FunctionCallContent(call.CallId, call.Name, read.Arguments)
            : call;
    }

    private static IReadOnlyList<AIContent> WithCallsRead(ChatMessage message, IReadOnlyList<AITool> tools)
    {
        IList<AIContent> said = message.Contents;
        if (DialectOf(message.Text) is not { } dialect || Read(message.Text, dialect, tools) is not { } read
            || !read.Any(content => content is FunctionCallContent))
        {
            return [.. said];
        }

        string text = string.Concat(read.OfType<TextContent>().Select(part => part.Text)).Trim();
        return
        [
            .. said.Where(content => content is not TextContent),
            .. read.OfType<TextReasoningContent>(),
            .. text.Length > 0 ? (AIContent[])[new TextContent(text)] : [],
            .. read.OfType<FunctionCallContent>(),
        ];
    }

    // Qwen3-Coder writes tags for function and parameters, the others JSON between tags.
    private static ToolCallDialect? DialectOf(string text) =>
        text.Contains("<function=", StringComparison.Ordinal) ? ToolCallDialect.Named("xml")
        : text.Contains("<tool_call>", StringComparison.Ordinal) ? ToolCallDialect.Named("hermes")
        : null;

    private static List<AIContent> Read(string text, ToolCallDialect dialect, IReadOnlyList<AITool> tools)
    {
        ReplySplitter splitter = new(new ReplyFormat { ToolCalls = dialect }, tools);
        return [.. splitter.Push(text), .. splitter.Finish()];
    }

    private static List<AIContent> WithOwnIds(IReadOnlyList<AIContent> contents)
    {
        HashSet<string> taken = new(StringComparer.Ordinal);
        return [.. contents.Select(content => content is FunctionCallContent call ? WithOwnId(call, taken) : content)];
    }

    private static FunctionCallContent WithOwnId(FunctionCallContent call, HashSet<string> taken)
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
