namespace QwenSharp.Corpus.Expectations;

/// <summary>What an answer must be like.</summary>
public abstract record Expectation
{
    /// <summary>What is wrong with an answer, in a few words; null if it is right.</summary>
    public abstract string? Fault(Answer answer);

    /// <summary>An answer in words calls nothing.</summary>
    private protected static string? CallsNothing(Answer answer) =>
        answer.Calls.Count == 0 ? null : $"called {answer.Calls[0].Name} where no tool fits";
}

/// <summary>What a model said.</summary>
/// <param name="Text">The answer without reasoning and tool calls.</param>
/// <param name="Reasoning">What it thought before.</param>
/// <param name="Calls">The tools that it called.</param>
public sealed record Answer(string Text, string Reasoning, IReadOnlyList<ToolCall> Calls)
{
    /// <summary>A message as an answer.</summary>
    public static Answer Of(Message message) => new(message.Content, message.Reasoning, message.Calls);
}
