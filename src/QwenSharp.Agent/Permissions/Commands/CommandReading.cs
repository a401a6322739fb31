using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>What a command line runs, with those programs looked through that run others.</summary>
/// <param name="Commands">Every command in it.</param>
/// <param name="Unclear">Why it is not sure that these are all; null where it is.</param>
internal sealed record CommandReading(IReadOnlyList<SimpleCommand> Commands, string? Unclear)
{
    /// <summary>Reads a command line.</summary>
    public static CommandReading Of(string command)
    {
        try
        {
            return new CommandReading([.. ShellParser.Parse(command).SelectMany(one => Wrappers.Unwrapped(one, depth: 0))], null);
        }
        catch (ShellSyntaxException unreadable)
        {
            return new CommandReading([], unreadable.Message);
        }
    }
}
