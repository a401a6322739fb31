namespace QwenSharp.Cli;

/// <summary>A command line that parses but asks for something that makes no sense; ends in <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
