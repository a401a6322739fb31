using Microsoft.Extensions.AI;

namespace QwenSharp.Cli.Run;

/// <summary>The part of a conversation that the model is shown.</summary>
/// <param name="Shown">System messages, and the turns that fit.</param>
/// <param name="Tokens">Tokens of the prompt that they become.</param>
/// <param name="LeftOut">Turns before them that do not fit: a question and its answer are one.</param>
internal sealed record ContextWindow(IReadOnlyList<ChatMessage> Shown, int Tokens, int LeftOut)
{
    // Room for an answer: old turns give way before it gets too little to finish.
    private const int AnswerTokens = 2048;

    /// <summary>Leaves out as many of the oldest turns as must go.</summary>
    /// <param name="conversation">All messages; the last one waits for its answer.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">Options of the answer.</param>
    /// <exception cref="InvalidDataException">The last turn alone is too long.</exception>
    public static ContextWindow Fit(IReadOnlyList<ChatMessage> conversation, ChatModel model, ChatOptions options)
    {
        ChatMessage[] system = [.. conversation.TakeWhile(message => message.Role == ChatRole.System)];
        int[] turns =
        [
            .. Enumerable.Range(system.Length, conversation.Count - system.Length).Where(i => conversation[i].Role == ChatRole.User),
        ];
        int reserve = Math.Min(options.MaxOutputTokens ?? AnswerTokens, model.ContextLength / 4);

        ContextWindow whole = Without(0);
        if (whole.Tokens + reserve <= model.ContextLength)
            return whole;

        // The fewest turns without which the rest fits: the more go, the shorter the prompt.
        (int least, int most) = (1, turns.Length - 1);
        while (least < most)
        {
            int middle = (least + most) / 2;
            if (Without(middle).Tokens + reserve <= model.ContextLength)
                most = middle;
            else
                least = middle + 1;
        }

        ContextWindow window = turns.Length > 1 ? Without(most) : whole;
        return window.Tokens < model.ContextLength
            ? window
            : throw new InvalidDataException(
                $"This message makes a prompt of {window.Tokens} tokens{(system.Length > 0 ? ", with the system message" : "")}; the "
                    + $"context of {model.ContextLength} has room for {model.ContextLength - 1} and an answer. Shorten it, or start again "
                    + "with a larger --context where the model has one.");

        ContextWindow Without(int count)
        {
            ChatMessage[] shown = count == 0 ? [.. conversation] : [.. system, .. conversation.Skip(turns[count])];
            return new ContextWindow(shown, model.CountTokens(shown, options), count);
        }
    }
}
