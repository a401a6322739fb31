namespace QwenSharp.Agent.Tools;

/// <summary>A call cannot be done. The message is told to the model as the call's result.</summary>
/// <param name="message">What is wrong, by name, and what to do instead.</param>
public sealed class ToolException(string message) : Exception(message);
