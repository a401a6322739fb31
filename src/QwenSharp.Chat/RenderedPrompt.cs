namespace QwenSharp.Chat;

/// <summary>
/// A rendered conversation. A tokenizer parses control tokens (<c>&lt;|im_start|&gt;</c>, …) only where they lie inside one of
/// <see cref="TrustedRanges"/>: there the template itself wrote them. Everywhere else is text of the conversation, and stays text.
/// </summary>
public sealed record RenderedPrompt
{
    private static readonly string ThinkTag = ReasoningTags.Think.Open;

    private readonly bool _endsInThought;

    internal RenderedPrompt(string text, IReadOnlyList<Range> trustedRanges, bool endsInThought = false) =>
        (Text, TrustedRanges, _endsInThought) = (text, trustedRanges, endsInThought);

    /// <summary>The prompt.</summary>
    public string Text { get; }

    /// <summary>The parts of <see cref="Text"/> that the template wrote, in order and apart, in UTF-16 units from the start.</summary>
    public IReadOnlyList<Range> TrustedRanges { get; }

    /// <summary>
    /// Whether the prompt ends inside the reasoning that the model is to continue: the template's own <c>&lt;think&gt;</c> is its last
    /// word, or the last message is gone on with and has only thought so far.
    /// </summary>
    public bool OpensReasoning
    {
        get
        {
            int end = Text.AsSpan().TrimEnd().Length;
            return _endsInThought
                || (Text.AsSpan(0, end).EndsWith(ThinkTag)
                    && TrustedRanges.Any(range => range.Start.Value <= end - ThinkTag.Length && end <= range.End.Value));
        }
    }

    /// <summary>The prompt up to the last place of a text; null where it is nowhere.</summary>
    /// <param name="mark">The text.</param>
    /// <param name="endsInThought">Whether that is inside the reasoning.</param>
    internal RenderedPrompt? Before(string mark, bool endsInThought) =>
        Text.LastIndexOf(mark, StringComparison.Ordinal) is >= 0 and int end ? new RenderedPrompt(
            Text[..end],
            [.. TrustedRanges.Where(range => range.Start.Value < end).Select(range => range.Start.Value..Math.Min(range.End.Value, end))],
            endsInThought) : null;

    internal static RenderedPrompt From(Jinja.Text text)
    {
        List<Range> trusted = [];
        int done = 0;
        foreach (Jinja.Run run in text.Untrusted)
        {
            Add(done, run.Start);
            done = run.End;
        }

        Add(done, text.Value.Length);
        return new RenderedPrompt(text.Value, trusted);

        void Add(int start, int end)
        {
            if (start < end)
                trusted.Add(start..end);
        }
    }
}
