namespace QwenSharp.Protocols.SelfHosted;

/// <summary>The error object of servers that people run themselves: as OpenAI's, but its code is the status.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Type">The class of error.</param>
/// <param name="Param">The path of the field at fault.</param>
public sealed record SelfHostedError(int Code, string Message, string Type, string? Param);

/// <summary>The body of a reply that reports an error.</summary>
/// <param name="Error">The error.</param>
public sealed record SelfHostedErrorReply(SelfHostedError Error);
