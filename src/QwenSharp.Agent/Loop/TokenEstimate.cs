using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;

namespace QwenSharp.Agent.Loop;

/// <summary>How many tokens something has, about, where nobody has counted them.</summary>
internal static class TokenEstimate
{
    // Qwen's tokenizers take some 3.5 bytes of code and English a token, and three of a Chinese character.
    private const double BytesPerToken = 3.5;

    // What a template writes around a message.
    private const int Frame = 8;

    // A picture of middling size.
    private const int Media = 1200;

    /// <summary>The tokens of a text.</summary>
    public static long Of(string text) => (long)Math.Ceiling(Encoding.UTF8.GetByteCount(text) / BytesPerToken);

    /// <summary>The tokens of a message.</summary>
    public static long Of(ChatMessage message) => Frame + message.Contents.Sum(Of);

    private static long Of(AIContent content) => content switch
    {
        TextContent text => Of(text.Text),
        TextReasoningContent thought => Of(thought.Text),
        FunctionCallContent call => Of(call.Name) + Frame + Of(CallArguments.Json(call).GetRawText()),
        FunctionResultContent { Result: string text } => Of(text),
        FunctionResultContent { Result: JsonElement json } => Of(json.GetRawText()),
        FunctionResultContent { Result: IEnumerable<AIContent> parts } => parts.Sum(Of),
        DataContent or UriContent => Media,
        _ => 0,
    };
}
