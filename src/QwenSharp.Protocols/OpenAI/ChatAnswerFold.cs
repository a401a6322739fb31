using System.Text;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>The chunks of one answer, gathered into the message that they spell.</summary>
internal sealed class ChatAnswerFold
{
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<ToolCall> _calls = [];
    private List<TokenLogprob>? _logprobs;
    private string? _finishReason;

    public void Add(ChatChunkChoice choice)
    {
        _content.Append(choice.Delta.Content);
        _reasoning.Append(choice.Delta.ReasoningContent);
        foreach (ToolCall call in choice.Delta.ToolCalls ?? [])
            _calls.Add(call with { Index = null });

        if (choice.Logprobs is { } logprobs)
            (_logprobs ??= []).AddRange(logprobs.Content);

        _finishReason ??= choice.FinishReason;
    }

    public ChatCompletionChoice ToChoice(int index) => new(
        index,
        new ChatCompletionMessage(
            _content.Length == 0 && _calls.Count > 0 ? null : _content.ToString(),
            _reasoning.Length > 0 ? _reasoning.ToString() : null,
            _calls.Count > 0 ? _calls : null),
        _logprobs is null ? null : new ChatLogprobs(_logprobs),
        _finishReason!);
}
