namespace QwenSharp.Agent.Tools.Planning;

/// <summary>A question to the person.</summary>
/// <param name="Header">It in a word or two.</param>
/// <param name="Question">It in full.</param>
/// <param name="Options">Answers to choose from, each with what it means; the person may give another.</param>
/// <param name="TakesSeveral">Whether several of them may be chosen; an answer then has a comma between them.</param>
public sealed record UserQuestion(
    string Header, string Question, IReadOnlyList<(string Label, string Description)> Options, bool TakesSeveral);
