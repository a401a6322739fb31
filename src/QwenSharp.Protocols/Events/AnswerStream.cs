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

            if (answer.Continue(update) is { } part)
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

        public int Choice => choice;

        public bool Ended { get; private set; }

        public UsageDetails Usage { get; } = new();

        /// <summary>What an update adds; null where that is nothing, and then its tokens wait for the next part.</summary>
        public AnswerPart? Continue(ChatResponseUpdate update)
        {
            _tokens.AddRange(TextToken.Of(update));
            AnswerPart part = Read(update);
            bool tells = part.HasContent || part.Finish is not null;
            if (!tells && !part.IsFirst)
                return null;

            _begun = true;
            Ended |= part.Finish is not null;
            _calls += part.Calls.Count;
            if (!tells)
                return part;

            part = part with { Tokens = _tokens };
            _tokens = [];
            return part;
        }

        private AnswerPart Read(ChatResponseUpdate update)
        {
            string text = "", reasoning = "";
            List<FunctionCallContent> calls = [];
            foreach (AIContent content in update.Contents)
            {
                switch (content)
                {
                    case TextReasoningContent more:
                        reasoning += more.Text;
                        break;
                    case TextContent more:
                        text += more.Text;
                        break;
                    case FunctionCallContent call:
                        calls.Add(call);
                        break;
                    case UsageContent usage:
                        Usage.Add(usage.Details);
                        break;
                    default:
                        throw new NotSupportedException($"An answer has no place for {content.GetType().Name}.");
                }
            }

            return new AnswerPart(choice, !_begun)
            {
                Text = text,
                Reasoning = reasoning,
                Calls = calls,
                FirstCall = _calls,
                Finish = update.FinishReason == ChatFinishReason.Stop && _calls + calls.Count > 0
                    ? ChatFinishReason.ToolCalls
                    : update.FinishReason,
                StopSequence = update.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.StopSequence) as string,
            };
        }
    }
}
