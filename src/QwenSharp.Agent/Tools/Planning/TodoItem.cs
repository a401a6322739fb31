namespace QwenSharp.Agent.Tools.Planning;

/// <summary>A step that a model has set itself.</summary>
/// <param name="Id">Its name within the list.</param>
/// <param name="Content">What is to be done.</param>
/// <param name="Status">How far it is.</param>
public sealed record TodoItem(string Id, string Content, TodoStatus Status);
