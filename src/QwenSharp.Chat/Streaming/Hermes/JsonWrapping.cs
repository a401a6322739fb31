namespace QwenSharp.Chat.Streaming.Hermes;

/// <summary>What a call's JSON stands in.</summary>
/// <param name="Open">What is before it.</param>
/// <param name="Close">What is after it.</param>
internal sealed record JsonWrapping(string Open, string Close)
{
    /// <summary>The dialect's own tags.</summary>
    public static JsonWrapping Call { get; } = new("<tool_call>", "</tool_call>");

    /// <summary>The tags in which templates show the tools; Qwen2.5-Coder takes them for those of calls.</summary>
    public static JsonWrapping Tools { get; } = new("<tools>", "</tools>");

    /// <summary>A block of code.</summary>
    public static JsonWrapping Fence { get; } = new(CallOpening.Fence.Text, CallOpening.Fence.Text);

    /// <summary>Nothing.</summary>
    public static JsonWrapping None { get; } = new(string.Empty, string.Empty);
}
