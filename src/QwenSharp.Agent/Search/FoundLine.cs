namespace QwenSharp.Agent.Search;

/// <summary>A line with a match.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Text">The line without its end, cut where it is very long.</param>
internal sealed record FoundLine(int Number, string Text);
