using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Neutral updates as the pieces of a plain completion, and those pieces folded into one reply.</summary>
public static class CompletionStream
{
    /// <summary>Each update as a piece, the last of a choice with the reason why it ended, and then the usage.</summary>
    /// <inheritdoc cref="ChatCompletionStream.ToChunksAsync" path="/param"/>
    public static async IAsyncEnumerable<Completion> ToChunksAsync(
        IAsyncEnumerable<ChoiceUpdate> updates,
        ReplyHeader header,
        bool includeUsage,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Dictionary<int, Answer> answers = [];
        await foreach ((int choice, ChatResponseUpdate update) in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!answers.TryGetValue(choice, out Answer? answer))
                answers.Add(choice, answer = new Answer(choice, header.Logprobs));

            if (answer.Continue(update) is { } more)
                yield return new Completion(header.Id, header.Created, header.Model, [more]);
        }

        if (answers.Values.FirstOrDefault(answer => !answer.Ended) is { } unfinished)
            throw new InvalidOperationException($"The model's answer {unfinished.Index} ended without a reason.");

        if (includeUsage)
        {
            Dictionary<int, UsageDetails> usage = answers.ToDictionary(answer => answer.Key, answer => answer.Value.Usage);
            yield return new Completion(header.Id, header.Created, header.Model, [], CompletionUsage.Sum(usage, header.ChoicesPerPrompt));
        }
    }

    /// <summary>A stream of pieces, usage included, as one reply.</summary>
    public static async Task<Completion> FoldAsync(IAsyncEnumerable<Completion> chunks, CancellationToken cancellationToken)
    {
        SortedDictionary<int, List<CompletionChoice>> answers = [];
        Completion? last = null;
        await foreach (Completion chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            last = chunk;
            foreach (CompletionChoice choice in chunk.Choices)
            {
                if (!answers.TryGetValue(choice.Index, out List<CompletionChoice>? pieces))
                    answers.Add(choice.Index, pieces = []);

                pieces.Add(choice);
            }
        }

        if (last?.Usage is null)
            throw new InvalidOperationException("A stream that is folded must end with its usage.");

        return last with { Choices = [.. answers.Values.Select(Fold)] };
    }

    private static CompletionChoice Fold(List<CompletionChoice> pieces)
    {
        StringBuilder text = new();
        foreach (CompletionChoice piece in pieces)
            text.Append(piece.Text);

        List<CompletionLogprobs> logprobs = [.. pieces.Select(piece => piece.Logprobs).OfType<CompletionLogprobs>()];
        CompletionLogprobs? all = logprobs.Count == 0 ? null : new CompletionLogprobs(
            [.. logprobs.SelectMany(piece => piece.Tokens)],
            [.. logprobs.SelectMany(piece => piece.TokenLogprobs)],
            [.. logprobs.SelectMany(piece => piece.TopLogprobs)],
            [.. logprobs.SelectMany(piece => piece.TextOffset)]);
        return new CompletionChoice(text.ToString(), pieces[0].Index, all, pieces[^1].FinishReason);
    }

    /// <summary>Where one answer stands.</summary>
    private sealed class Answer(int index, bool logprobs)
    {
        private readonly List<TextToken> _tokens = [];
        private int _offset;

        public int Index => index;

        public bool Ended { get; private set; }

        public UsageDetails Usage { get; } = new();

        /// <summary>What an update adds; null where that is nothing, and then its tokens wait for the next piece.</summary>
        public CompletionChoice? Continue(ChatResponseUpdate update)
        {
            _tokens.AddRange(TextToken.Of(update));
            foreach (UsageContent usage in update.Contents.OfType<UsageContent>())
                Usage.Add(usage.Details);

            Ended |= update.FinishReason is not null;
            if (update.Text.Length == 0 && update.FinishReason is null)
                return null;

            return new CompletionChoice(update.Text, index, logprobs ? TakeLogprobs() : null, update.FinishReason?.Value);
        }

        private CompletionLogprobs TakeLogprobs()
        {
            List<int> offsets = [];
            List<TokenLogprob> tokens = [.. _tokens.Select(TokenLogprob.Of)];
            foreach (TokenLogprob token in tokens)
            {
                offsets.Add(_offset);
                _offset += token.Token.Length;
            }

            CompletionLogprobs taken = new(
                [.. tokens.Select(token => token.Token)],
                [.. tokens.Select(token => token.Logprob)],
                [.. tokens.Select(Likeliest)],
                offsets);
            _tokens.Clear();
            return taken;
        }

        // Tokens that are parts of characters may share their text; the likeliest of them keeps it.
        private static Dictionary<string, float> Likeliest(TokenLogprob token)
        {
            Dictionary<string, float> top = [];
            foreach (TopLogprob candidate in token.TopLogprobs)
                top.TryAdd(candidate.Token, candidate.Logprob);

            top.TryAdd(token.Token, token.Logprob);
            return top;
        }
    }
}
