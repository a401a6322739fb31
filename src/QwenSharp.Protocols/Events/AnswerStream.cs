using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.Events;

/// <summary>
/// The answers of one reply, from neutral updates: as parts while they come, or folded. A dialect only says how a part, or an answer,
/// looks on its wire. Read once, either way.
/// </summary>
/// <param name="updates">The updates of all choices, interleaved as they come.</param>
/// <param name="choicesPerPrompt">How many choices in a row share a prompt.</param>
public sealed class AnswerStream(IAsyncEnumerable<ChoiceUpdate> updates, int choicesPerPrompt)
{
    private readonly Dictionary<int, Progress> _answers = [];

    /// <summary>What the reply took; whole once it has been read to its end.</summary>
    public ReplyUsage Usage => ReplyUsage.Sum(_answers.ToDictionary(answer => answer.Key, answer => answer.Value.Usage), choicesPerPrompt);

    /// <summary>The parts of all answers, as they come.</summary>
    /// <exception cref="InvalidOperationException">The model ended an answer without a reason.</exception>
    /// <exception cref="NotSupportedException">An update holds what no answer has a place for.</exception>
    public async IAsyncEnumerable<AnswerPart> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((int choice, ChatResponseUpdate update) in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!_answers.TryGetValue(choice, out Progress? answer))
                _answers.Add(choice, answer = new Progress(choice));

            foreach (AnswerPart part in answer.Continue(update))
                yield return part;
        }

        if (_answers.Values.FirstOrDefault(answer => !answer.Ended) is { } unfinished)
            throw new InvalidOperationException($"The model's answer {unfinished.Choice} ended without a reason.");
    }

    /// <summary>The answers, whole, in their order.</summary>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public async Task<IReadOnlyList<Answer>> FoldAsync(CancellationToken cancellationToken)
    {
        SortedDictionary<int, Answer> answers = [];
        await foreach (AnswerPart part in ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!answers.TryGetValue(part.Choice, out Answer? answer))
                answers.Add(part.Choice, answer = new Answer(part.Choice));

            answer.Add(part);
        }

        return [.. answers.Values];
    }

    /// <summary>Where one answer stands.</summary>
    private sealed class Progress(int choice)
    {
        private List<TextToken> _tokens = [];
        private bool _begun;
        private int _calls;

        /// <summary>The call that fragments have begun and nothing has ended yet; null where none is open.</summary>
        private string? _open;

        public int Choice => choice;

        public bool Ended { get; private set; }

        public UsageDetails Usage { get; } = new();

        /// <summary>
        /// What an update adds, in parts that keep its order; none where that is nothing, and then its tokens wait for the next part.
        /// </summary>
        public IEnumerable<AnswerPart> Continue(ChatResponseUpdate update)
        {
            _tokens.AddRange(TextToken.Of(update));
            List<AnswerPart> parts = Read(update);
            parts[^1] = parts[^1] with
            {
                Finish = update.FinishReason == ChatFinishReason.Stop && _calls > 0 && _open is null
                    ? ChatFinishReason.ToolCalls
                    : update.FinishReason,
                StopSequence = update.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.StopSequence) as string,
            };
            foreach (AnswerPart part in parts)
            {
                bool tells = part.HasContent || part.Protected is not null || part.Citations.Count > 0 || part.Finish is not null;
                if (!tells && _begun)
                    continue;

                Ended |= part.Finish is not null;
                yield return part with { IsFirst = !_begun, Tokens = tells ? _tokens : [] };
                _begun = true;
                _tokens = tells ? [] : _tokens;
            }
        }

        private List<AnswerPart> Read(ChatResponseUpdate update)
        {
            List<AnswerPart> parts = [new(choice, IsFirst: false)];
            if (CallFragment.Of(update) is { } fragment)
                parts[0] = parts[0] with { Calls = [Part(fragment)] };

            foreach (AIContent content in update.Contents)
            {
                AnswerPart last = parts[^1];
                AnswerPart next = last.Calls.Count > 0 && content is TextContent or TextReasoningContent
                    || content is TextReasoningContent && (last.Text.Length > 0 || last.Protected is not null)
                        ? new(choice, IsFirst: false)
                        : last;
                if (!ReferenceEquals(next, last))
                    parts.Add(next);

                parts[^1] = content switch
                {
                    TextReasoningContent { ProtectedData: not null } kept =>
                        next with { Reasoning = next.Reasoning + kept.Text, Protected = kept },
                    TextReasoningContent more => next with { Reasoning = next.Reasoning + more.Text },
                    TextContent more => next with
                    {
                        Text = next.Text + more.Text,
                        Citations = [.. next.Citations, .. (more.Annotations ?? []).OfType<CitationAnnotation>()],
                    },
                    FunctionCallContent call => next with { Calls = Joined(next.Calls, Part(call)) },
                    UsageContent => next,
                    _ => throw new NotSupportedException($"An answer has no place for {content.GetType().Name}."),
                };
                if (content is UsageContent usage)
                    Usage.Add(usage.Details);
            }

            return parts;
        }

        private CallPart Part(CallFragment fragment)
        {
            bool begins = fragment.CallId != _open;
            _open = fragment.CallId;
            _calls += begins ? 1 : 0;
            return new CallPart(_calls - 1, fragment.CallId, fragment.Name) { Begins = begins, Arguments = fragment.Arguments };
        }

        private CallPart Part(FunctionCallContent call)
        {
            bool begins = call.CallId != _open;
            _open = null;
            _calls += begins ? 1 : 0;
            return new CallPart(_calls - 1, call.CallId, call.Name)
            {
                Begins = begins,
                Arguments = begins ? WireArguments.Of(call) : "",
                Whole = call,
            };
        }

        // That a call is whole is said together with the last of its arguments.
        private static IReadOnlyList<CallPart> Joined(IReadOnlyList<CallPart> calls, CallPart next) =>
            calls is [.., var last] && last.Index == next.Index
                ? [.. calls.Take(calls.Count - 1), last with { Whole = next.Whole }]
                : [.. calls, next];
    }
}
