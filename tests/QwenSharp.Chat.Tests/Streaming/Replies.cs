using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat.Streaming;

namespace QwenSharp.Chat.Tests.Streaming;

/// <summary>Replies in short: R(…) is reasoning, C(…) a call, the rest content.</summary>
internal static class Replies
{
    /// <summary>Checks what a reply is split into, whole and character by character.</summary>
    public static void AssertSplit(
        ToolCallDialect dialect,
        IReadOnlyList<AITool> tools,
        string reply,
        string expected,
        bool inReasoning = false)
    {
        Assert.Equal(expected, Split(dialect, tools, [reply], inReasoning));
        Assert.Equal(expected, Split(dialect, tools, reply.Select(c => c.ToString()), inReasoning));
    }

    public static string Split(
        ToolCallDialect? dialect,
        IReadOnlyList<AITool> tools,
        IEnumerable<string> pieces,
        bool inReasoning = false) =>
        Fold(new ReplySplitter(new ReplyFormat { ToolCalls = dialect }, tools, inReasoning), pieces);

    public static string Fold(ReplySplitter splitter, IEnumerable<string> pieces)
    {
        string folded = string.Empty, thought = string.Empty;
        foreach (AIContent content in pieces.SelectMany(splitter.Push).ToList().Concat(splitter.Finish()))
        {
            if (content is TextReasoningContent more)
            {
                thought += more.Text;
                continue;
            }

            Flush();
            folded += content switch
            {
                FunctionCallContent call =>
                    $"C({call.Name} {{{string.Join(',', call.Arguments!.Select(argument => $"\"{argument.Key}\":{Json(argument.Value)}"))}}})",
                TextContent text => text.Text,
                _ => throw new InvalidOperationException(content.GetType().Name),
            };
        }

        Flush();
        return folded;

        void Flush()
        {
            folded += thought.Length > 0 ? $"R({thought})" : string.Empty;
            thought = string.Empty;
        }
    }

    /// <summary>Cuts a text into pieces of one to six characters.</summary>
    public static List<string> Cut(string text, Random random)
    {
        List<string> cut = [];
        for (int at = 0; at < text.Length;)
        {
            int length = random.Next(1, Math.Min(text.Length - at, 6) + 1);
            cut.Add(text.Substring(at, length));
            at += length;
        }

        return cut;
    }

    private static string Json(object? value) => value switch
    {
        JsonElement json => json.GetRawText(),
        string text => JsonSerializer.Serialize(
            text,
            new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
        bool flag => flag ? "true" : "false",
        _ => throw new InvalidOperationException(),
    };
}
