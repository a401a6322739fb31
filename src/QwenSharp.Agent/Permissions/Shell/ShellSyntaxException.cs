namespace QwenSharp.Agent.Permissions.Shell;

/// <summary>A command line is not one that the reader is sure to take as a shell takes it.</summary>
/// <param name="message">What is wrong, as the end of a sentence that begins with the command.</param>
internal sealed class ShellSyntaxException(string message) : Exception(message);
