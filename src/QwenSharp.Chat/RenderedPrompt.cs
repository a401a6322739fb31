namespace QwenSharp.Chat;

/// <summary>
/// A rendered conversation. A tokenizer parses control tokens (<c>&lt;|im_start|&gt;</c>, …) only where they lie inside one of
/// <see cref="TrustedRanges"/>: there the template itself wrote them. Everywhere else is text of the conversation, and stays text.
/// </summary>
public sealed record RenderedPrompt
{
    private static readonly string ThinkTag = ReasoningTags.Think.Open;

    internal RenderedPrompt(string text, IReadOnlyList<Range> trustedRanges) => (Text, TrustedRanges) = (text, trustedRanges);

    /// <summary>The prompt.</summary>
    public string Text { get; }

    /// <summary>The parts of <see cref="Text"/> that the template wrote, in order and apart, in UTF-16 units from the start.</summary>
    public IReadOnlyList<Range> TrustedRanges { get; }

    /// <summary>
    /// Whether the prompt ends inside the reasoning that the model is to continue: the template's own <c>&lt;think&gt;</c> is its last
    /// word.
    /// </summary>
    public bool OpensReasoning
    {
        get
        {
            int end = Text.AsSpan().TrimEnd().Length;
            return Text.AsSpan(0, end).EndsWith(ThinkTag)
                && TrustedRanges.Any(range => range.Start.Value <= end - ThinkTag.Length && end <= range.End.Value);
        }
    }

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
