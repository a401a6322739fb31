namespace QwenSharp.Training;

/// <summary>One example as text.</summary>
/// <param name="Text">Prompts and answers in turn.</param>
/// <param name="Trusted">The parts that the template wrote, in order: only there are control tokens recognised.</param>
/// <param name="Answers">What the assistant says, in order, and whether it is learnt; what is not counts for nothing, whatever prompts
/// count for.</param>
/// <param name="Kind">Whether it is a conversation, or a document or the beginning of one.</param>
internal sealed record ExampleText(
    string Text,
    IReadOnlyList<Range> Trusted,
    IReadOnlyList<(Range Part, bool IsLearnt)> Answers,
    ExampleKind Kind)
{
    /// <summary>A document, or a part of one, of which all is learnt.</summary>
    public static ExampleText Document(string text, bool isEnd) =>
        new(text, [], [(Range.All, true)], isEnd ? ExampleKind.Document : ExampleKind.DocumentPart);
}

/// <summary>What an example is made of.</summary>
internal enum ExampleKind
{
    /// <summary>Turns of a conversation.</summary>
    Conversation,

    /// <summary>Plain text that ends where it ends.</summary>
    Document,

    /// <summary>Plain text that goes on in the next example.</summary>
    DocumentPart,
}
