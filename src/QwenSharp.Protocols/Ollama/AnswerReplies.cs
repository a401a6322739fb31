using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Protocols.Ollama;

/// <summary>An answer on Ollama's wire: as lines while it comes, or as one reply, which is the same lines folded.</summary>
/// <param name="model">Who answers, by the name that was asked for.</param>
/// <param name="isChat">Whether a conversation is answered, or a prompt.</param>
/// <param name="logprobs">Whether log-probabilities were asked for.</param>
/// <param name="began">When the request came, as a time stamp of <see cref="Stopwatch"/>.</param>
/// <param name="loading">How long it waited for the model.</param>
public sealed class AnswerReplies(string model, bool isChat, bool logprobs, long began, TimeSpan loading)
{
    private const long NanosecondsATick = 100;

    private readonly long _asked = Stopwatch.GetTimestamp();
    private readonly List<Chat.TextToken> _tokens = [];
    private long _first;

    /// <summary>The lines of an answer; the last tells why it ended and what it took.</summary>
    public async IAsyncEnumerable<AnswerReply> ToLinesAsync(
        AnswerStream answers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AnswerPart part in answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_first == 0 && part.HasContent)
                _first = Stopwatch.GetTimestamp();

            // The protocol has no pieces of calls: their tokens wait for the whole.
            _tokens.AddRange(part.Tokens);
            IReadOnlyList<ReplyCall>? calls = Calls(part.Calls);
            if (part.Text.Length > 0 || part.Reasoning.Length > 0 || calls is not null)
                yield return Line(part.Text, part.Reasoning, calls);

            if (part.Finish is { } reason)
                yield return Ended(Line("", "", null), Reason(reason), answers.Usage);
        }
    }

    /// <summary>The whole answer.</summary>
    public async Task<AnswerReply> FoldAsync(AnswerStream answers, CancellationToken cancellationToken)
    {
        string text = "", thinking = "";
        List<ReplyCall> calls = [];
        List<TokenLogprob> tokens = [];
        AnswerReply? last = null;
        System.Text.StringBuilder said = new(), thought = new();
        await foreach (AnswerReply line in ToLinesAsync(answers, cancellationToken).ConfigureAwait(false))
        {
            last = line;
            said.Append(line.Message?.Content ?? line.Response);
            thought.Append(line.Message?.Thinking ?? line.Thinking);
            calls.AddRange(line.Message?.ToolCalls ?? []);
            tokens.AddRange(line.Logprobs ?? []);
        }

        (text, thinking) = (said.ToString(), thought.ToString());
        AnswerReply whole = Shape(last!, text, thinking, calls.Count > 0 ? calls : null);
        return logprobs ? whole with { Logprobs = tokens } : whole;
    }

    /// <summary>The reply to a request that only loads a model, or unloads it.</summary>
    /// <param name="reason"><c>load</c> or <c>unload</c>.</param>
    public AnswerReply Without(string reason) => Shape(new AnswerReply(model, DateTime.UtcNow), "", "", null) with
    {
        Done = true,
        DoneReason = reason,
    };

    private AnswerReply Line(string text, string thinking, IReadOnlyList<ReplyCall>? calls)
    {
        AnswerReply line = Shape(new AnswerReply(model, DateTime.UtcNow), text, thinking, calls);
        if (logprobs && _tokens.Count > 0)
            line = line with { Logprobs = [.. _tokens.Select(TokenLogprob.Of)] };

        _tokens.Clear();
        return line;
    }

    private AnswerReply Shape(AnswerReply line, string text, string thinking, IReadOnlyList<ReplyCall>? calls)
    {
        string? thoughts = thinking.Length > 0 ? thinking : null;
        return isChat
            ? line with { Message = new ReplyMessage(text) { Thinking = thoughts, ToolCalls = calls } }
            : line with { Response = text, Thinking = thoughts };
    }

    private AnswerReply Ended(AnswerReply line, string reason, ReplyUsage usage)
    {
        long now = Stopwatch.GetTimestamp(), first = _first == 0 ? now : _first;
        return line with
        {
            Done = true,
            DoneReason = reason,
            TotalDuration = Nanoseconds(began, now),
            LoadDuration = loading.Ticks * NanosecondsATick,
            PromptEvalCount = usage.PromptTokens,
            PromptEvalDuration = Nanoseconds(_asked, first),
            EvalCount = usage.AnswerTokens,
            EvalDuration = Nanoseconds(first, now),
        };
    }

    private static IReadOnlyList<ReplyCall>? Calls(IReadOnlyList<CallPart> parts) =>
        parts.Any(part => part.Whole is not null)
            ? [.. parts.Where(part => part.Whole is not null).Select(part => ReplyCall.Of(part.Whole!, part.Index))]
            : null;

    private static string Reason(ChatFinishReason reason) => reason == ChatFinishReason.Length ? "length" : "stop";

    private static long Nanoseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).Ticks * NanosecondsATick;
}
