using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Neutral updates as the chunks of a chat completion, and those chunks folded into one reply.</summary>
public static class ChatCompletionStream
{
    /// <summary>Each update as a chunk: first the role, last the reason why the answer ended, and then the usage.</summary>
    /// <param name="updates">The updates of all choices, interleaved as they come.</param>
    /// <param name="header">What the chunks repeat.</param>
    /// <param name="includeUsage">Whether a chunk with the usage ends the stream.</param>
    /// <param name="cancellationToken">Stops the stream.</param>
    public static async IAsyncEnumerable<ChatCompletionChunk> ToChunksAsync(
        IAsyncEnumerable<ChoiceUpdate> updates,
        ReplyHeader header,
        bool includeUsage,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Dictionary<int, Answer> answers = [];
        await foreach ((int choice, ChatResponseUpdate update) in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (!answers.TryGetValue(choice, out Answer? answer))
            {
                answers.Add(choice, answer = new Answer(choice, header.Logprobs));
                yield return Chunk(header, answer.Begin());
            }

            if (answer.Continue(update) is { } more)
                yield return Chunk(header, more);

            if (update.FinishReason is { } reason)
                yield return Chunk(header, answer.End(reason));
        }

        if (answers.Values.FirstOrDefault(answer => !answer.Ended) is { } unfinished)
            throw new InvalidOperationException($"The model's answer {unfinished.Index} ended without a reason.");

        if (includeUsage)
        {
            Dictionary<int, UsageDetails> usage = answers.ToDictionary(answer => answer.Key, answer => answer.Value.Usage);
            yield return new ChatCompletionChunk(
                header.Id,
                header.Created,
                header.Model,
                [],
                CompletionUsage.Sum(usage, header.ChoicesPerPrompt));
        }
    }

    /// <summary>A stream of chunks, usage included, as one reply.</summary>
    public static async Task<ChatCompletion> FoldAsync(IAsyncEnumerable<ChatCompletionChunk> chunks, CancellationToken cancellationToken)
    {
        SortedDictionary<int, ChatAnswerFold> answers = [];
        ChatCompletionChunk? last = null;
        await foreach (ChatCompletionChunk chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            last = chunk;
            foreach (ChatChunkChoice choice in chunk.Choices)
            {
                if (!answers.TryGetValue(choice.Index, out ChatAnswerFold? answer))
                    answers.Add(choice.Index, answer = new ChatAnswerFold());

                answer.Add(choice);
            }
        }

        if (last?.Usage is null)
            throw new InvalidOperationException("A stream that is folded must end with its usage.");

        return new ChatCompletion(
            last.Id,
            last.Created,
            last.Model,
            [.. answers.Select(answer => answer.Value.ToChoice(answer.Key))],
            last.Usage);
    }

    private static ChatCompletionChunk Chunk(ReplyHeader header, ChatChunkChoice choice) =>
        new(header.Id, header.Created, header.Model, [choice]);

    /// <summary>Where one answer stands.</summary>
    private sealed class Answer(int index, bool logprobs)
    {
        private readonly List<TextToken> _tokens = [];
        private int _calls;

        public int Index => index;

        public bool Ended { get; private set; }

        public UsageDetails Usage { get; } = new();

        public ChatChunkChoice Begin() =>
            new(index, new ChatDelta { Role = "assistant", Content = "" }, Logprobs: null, FinishReason: null);

        /// <summary>What an update adds to the message; null where that is nothing, and then its tokens wait for the next chunk.</summary>
        public ChatChunkChoice? Continue(ChatResponseUpdate update)
        {
            _tokens.AddRange(TextToken.Of(update));
            string text = "";
            string reasoning = "";
            List<ToolCall> calls = [];
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
                        calls.Add(ToolCall.From(call, _calls++));
                        break;
                    case UsageContent usage:
                        Usage.Add(usage.Details);
                        break;
                    default:
                        throw new NotSupportedException($"OpenAI's protocol has no place for {content.GetType().Name} in a message.");
                }
            }

            if (text.Length == 0 && reasoning.Length == 0 && calls.Count == 0)
                return null;

            return new ChatChunkChoice(
                index,
                new ChatDelta
                {
                    Content = text.Length > 0 ? text : null,
                    ReasoningContent = reasoning.Length > 0 ? reasoning : null,
                    ToolCalls = calls.Count > 0 ? calls : null,
                },
                TakeLogprobs(),
                FinishReason: null);
        }

        public ChatChunkChoice End(ChatFinishReason reason)
        {
            Ended = true;
            if (reason == ChatFinishReason.Stop && _calls > 0)
                reason = ChatFinishReason.ToolCalls;

            return new ChatChunkChoice(index, new ChatDelta(), _tokens.Count > 0 ? TakeLogprobs() : null, reason.Value);
        }

        private ChatLogprobs? TakeLogprobs()
        {
            if (!logprobs)
                return null;

            ChatLogprobs taken = new([.. _tokens.Select(TokenLogprob.Of)]);
            _tokens.Clear();
            return taken;
        }
    }
}
