namespace QwenSharp.Protocols.DashScope;

/// <summary>The body of a reply that reports an error, and of a stream's last event that does.</summary>
/// <param name="Code">A word for programs.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="RequestId">The request's name.</param>
public sealed record DashScopeError(string Code, string Message, string RequestId);
