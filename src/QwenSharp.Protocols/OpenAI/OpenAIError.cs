namespace QwenSharp.Protocols.OpenAI;

/// <summary>OpenAI's error object.</summary>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Type">The class of error.</param>
/// <param name="Param">The path of the field at fault.</param>
/// <param name="Code">A word for programs.</param>
public sealed record OpenAIError(string Message, string Type, string? Param, string? Code);

/// <summary>The body of a reply that reports an error, and of the last event of a stream that failed.</summary>
/// <param name="Error">The error.</param>
public sealed record OpenAIErrorReply(OpenAIError Error);
