using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Corpus;

/// <summary>A conversation that ends with a right answer, and how to tell whether another answer is right.</summary>
/// <param name="Skill">One of <see cref="CorpusGenerator.Skills"/>.</param>
/// <param name="Kind">What of the skill it exercises, such as "two calls".</param>
/// <param name="Conversation">Messages and tools, the answer last.</param>
/// <param name="Expected">Judges an answer to all messages but the last.</param>
public sealed record Exercise(string Skill, string Kind, Conversation Conversation, Expectation Expected)
{
    /// <summary>
    /// What decides the part that it belongs to, such as the pair of numbers; null for what everybody asks ("hi"), which is never held out.
    /// </summary>
    internal string? Key { get; init; }

    /// <summary>
    /// What else it teaches on the way: the keys of earlier turns and of further tools, which training may not hold either if they are held
    /// out.
    /// </summary>
    internal IReadOnlyList<string> KeysOnTheWay { get; init; } = [];

    /// <summary>
    /// The temperature at which it is asked: all has one right answer but stories, which are told as a user has them told.
    /// </summary>
    public float Temperature => Skill == "stories" ? 0.7f : 0;

    /// <summary>What an answer is drawn from: the same for the same prompt.</summary>
    public long Seed => (long)(StableHash.Of(PromptText()) >> 1);

    /// <summary>The messages before the answer.</summary>
    public IReadOnlyList<Message> Prompt => [.. Conversation.Messages.SkipLast(1)];

    /// <summary>All that the model is shown, as one text that no other prompt has.</summary>
    public string PromptText() => string.Join('\n', Prompt.Select(message => $"{message.Role}: {message.Content}"))
        + string.Concat(Conversation.Tools.Select(tool => $"\n{tool.Name} {tool.Schema()}"));

    internal bool Belongs(Split split) =>
        HasKeysOf(split) && (Key is null || StableHash.IsSetApart(PromptText()) == (split == Split.HeldOut));

    /// <summary>As <see cref="Belongs"/>, without a look at the prompt as a whole, to which turns may yet be added.</summary>
    internal bool HasKeysOf(Split split) => split == Split.Train
        ? (Key is null || StableHash.SplitOf(Key) == Split.Train) && KeysOnTheWay.All(key => StableHash.SplitOf(key) == Split.Train)
        : Key is not null && StableHash.SplitOf(Key) == Split.HeldOut;
}
