using QwenSharp.Agent.Settings;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>The question whether a project's settings may do more than restrict.</summary>
internal static class Trust
{
    /// <summary>Asks the person at the terminal.</summary>
    public static bool Asks(Terminal terminal, SettingsLayers layers)
    {
        terminal.Out.WriteLine(terminal.Wrapped(
            $"{layers.ProjectPath} (or {Path.GetFileName(layers.LocalPath)} beside it) allows calls, runs commands or changes the model. "
                + "It came with the project: look at it before you trust it."));
        return terminal.Ask("Trust this project's settings? [y/N] ")?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
