using Microsoft.Extensions.AI;
using QwenSharp.Agent.Sessions;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// What was said, in the order in which the model sees it. It only grows at its end, so that a cache of prefixes has all but the last
/// messages of every request; a compaction alone begins it anew. What is added is in the session's transcript before the model sees it.
/// </summary>
/// <param name="session">Where it is kept; null for nowhere.</param>
internal sealed class Conversation(Session? session)
{
    private const string Interrupted = "Interrupted. It may have been done in part, or not at all.";

    private readonly List<ChatMessage> _messages = [.. session?.Messages ?? []];
    private int _counted;
    private long _tokens;

    /// <summary>The messages; the first is the system's.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Tokens of the next request: as the endpoint counted them, and an estimate of what came since.</summary>
    public long Tokens => _tokens + _messages.Skip(_counted).Sum(TokenEstimate.Of);

    /// <summary>Adds a message.</summary>
    public void Add(ChatMessage message)
    {
        session?.Append(message);
        _messages.Add(message);
    }

    /// <summary>Adds an answer of the model.</summary>
    /// <param name="message">The answer.</param>
    /// <param name="usage">The tokens of its request; null where nobody counted.</param>
    public void Add(ChatMessage message, UsageDetails? usage)
    {
        Add(message);
        if (usage is { InputTokenCount: > 0 })
            (_tokens, _counted) = (usage.InputTokenCount.Value + (usage.OutputTokenCount ?? 0), _messages.Count);
    }

    /// <summary>Begins anew with other messages. The transcript keeps the ones before.</summary>
    public void Replace(IReadOnlyList<ChatMessage> messages)
    {
        session?.Replace(messages);
        _messages.Clear();
        _messages.AddRange(messages);
        (_tokens, _counted) = (0, 0);
    }

    /// <summary>Answers the calls that were left open when the work was interrupted or the program ended.</summary>
    public void CloseOpenCalls()
    {
        int last = _messages.FindLastIndex(message => message.Role == ChatRole.Assistant);
        if (last < 0)
            return;

        IEnumerable<AIContent> since = _messages.Skip(last + 1).SelectMany(message => message.Contents);
        HashSet<string> answered = [.. since.OfType<FunctionResultContent>().Select(result => result.CallId)];
        foreach (FunctionCallContent call in _messages[last].Contents.OfType<FunctionCallContent>())
        {
            if (!answered.Contains(call.CallId))
                Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, Interrupted)]));
        }
    }
}
