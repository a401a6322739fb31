namespace QwenSharp.Corpus.Skills;

/// <summary>A thing that is asked about in many wordings: patterns of questions, answers, and what an answer must mention.</summary>
/// <param name="Name">Its name, and after it marks such as "core".</param>
internal sealed record Topic(string Name)
{
    private static readonly string[] TaskFrames =
    [
        "How [do|can|could|should] I {task}[?|]", "How [do|can] I {task}[ with QwenSharp| with qwensharp| here][?|]", "How to {task}[?|]",
        "What is the command to {task}?", "[Which|What] command do I [use|need|type] to {task}?",
        "I [want|need|would like] to {task}[.|, how?|. How?|. What do I do?|. What do I type?]",
        "[Tell me|Show me|Explain] how to {task}[.|, please.]", "Is there a way to {task}[?| with QwenSharp?]", "Can I {task}? How?",
        "What do I type to {task}?", "[Help me|Please help me] {task}[.|]", "What's the way to {task}?",
    ];

    /// <summary>Questions; those that complete "How do I …?" begin with "task:".</summary>
    public required IReadOnlyList<string> Asks { get; init; }

    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>The keys of <see cref="Expectations.Mentions"/>.</summary>
    public required string Keys { get; init; }

    /// <summary>Whether the name is followed by this mark.</summary>
    public bool Is(string mark) => Name.Split(' ').Skip(1).Contains(mark);

    /// <summary>Reads the topics of a file: "@ name", then "ask", "task", "answer" and "key" lines.</summary>
    public static IEnumerable<Topic> Read(string file, IReadOnlyList<string>? answers = null, string? key = null)
    {
        IReadOnlyList<string> lines = DataFile.Lines(file);
        for (int start = 0; start < lines.Count;)
        {
            int end = start + 1;
            while (end < lines.Count && lines[end][0] != '@')
                end++;

            ILookup<string, string> fields = lines
                .Skip(start + 1)
                .Take(end - start - 1)
                .Select(line => DataFile.Field(line))
                .ToLookup(field => field.Name, field => field.Value);
            yield return new Topic(lines[start][2..])
            {
                Asks = [.. fields["ask"], .. fields["task"].Select(task => "task:" + task)],
                Answers = fields["answer"].Any()
                    ? [.. fields["answer"]]
                    : answers ?? throw new FormatException($"{lines[start]} has no answer."),
                Keys = fields["key"].SingleOrDefault() ?? key ?? throw new FormatException($"{lines[start]} has no key."),
            };
            start = end;
        }
    }

    /// <summary>A question in one of its wordings.</summary>
    public string Ask(Draw draw, Func<string, string>? slot = null)
    {
        string pattern = draw.Of(Asks);
        if (!pattern.StartsWith("task:", StringComparison.Ordinal))
            return Grammar.Expand(pattern, draw, slot);

        string task = Grammar.Expand(pattern["task:".Length..], draw, slot);
        return Grammar.Expand(draw.Of(TaskFrames), draw, _ => task);
    }
}
