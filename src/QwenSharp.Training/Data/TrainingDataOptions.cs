namespace QwenSharp.Training;

/// <summary>How training data is read, divided and packed.</summary>
public sealed record TrainingDataOptions
{
    /// <summary>Tokens a row; no example is longer. At least 2.</summary>
    public int SequenceLength { get; init; } = 1024;

    /// <summary>What to do with a conversation that is longer than a row. Text is always divided into consecutive parts.</summary>
    public LongConversations LongConversations { get; init; } = LongConversations.Cut;

    /// <summary>
    /// The weight of what the assistant does not say (prompts, tool results), where that of its answers is 1: 0 to learn answers only, some
    /// 0.1 to learn language from prompts too.
    /// </summary>
    public float PromptLossWeight { get; init; }

    /// <summary>
    /// The share of tokens that are divided into the two that they were merged of, and these again (BPE-dropout: Provilkov et al., 2020):
    /// so that tokens which the tokenizer makes of few words
    /// alone are learnt too. In one example a token is divided everywhere or nowhere, so that what is said again is the same tokens. What
    /// is held out is left as it is. From 0 to below 1.
    /// </summary>
    public double BpeDropout { get; init; }

    /// <summary>What to do with a line that cannot be used.</summary>
    public BadLinePolicy BadLines { get; init; } = BadLinePolicy.Stop;

    /// <summary>
    /// The share of the examples that is held out, from 0 to below 1. A hash of the text decides, so that an example stays on its side when
    /// the data grows,
    /// and the same conversation twice is on one side. A document of a text file is not divided.
    /// </summary>
    public double HeldOutShare { get; init; }

    /// <summary>
    /// How many examples are held out instead: those of the lowest hashes. 0 for none. Turns of one conversation are not divided, so there
    /// may be a few more.
    /// </summary>
    public int HeldOutCount { get; init; }

    /// <summary>Files of which all is held out.</summary>
    public IReadOnlyList<string> HeldOutFiles { get; init; } = [];

    /// <summary>Decides what is held out, the order of the examples and what shares a row.</summary>
    public ulong Seed { get; init; }
}

/// <summary>What to do with a conversation that is longer than a row.</summary>
public enum LongConversations
{
    /// <summary>
    /// Leave out what is beyond the row: its beginning is learnt, with the prompt whole. Left out altogether where no answer remains.
    /// </summary>
    Cut,

    /// <summary>Leave the conversation out.</summary>
    Drop,
}
