using System.Text;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Sandboxes;

/// <summary>macOS's sandbox, by the program <c>sandbox-exec</c> and a profile.</summary>
/// <param name="settings">What it lets through.</param>
public sealed class Seatbelt(SandboxSettings settings) : Sandbox
{
    /// <inheritdoc/>
    public override string Name => "Seatbelt";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Wrap(IReadOnlyList<string> command, string directory)
    {
        Directory.CreateDirectory(settings.Temporary);
        IEnumerable<string> environment = settings.Environment(settings.Temporary).Select(one => $"{one.Key}={one.Value}");
        return ["/usr/bin/sandbox-exec", "-p", Profile(), "/usr/bin/env", .. environment, .. command];
    }

    /// <summary>The profile: the last line that speaks of something decides.</summary>
    internal string Profile()
    {
        StringBuilder profile = new("(version 1)\n(allow default)\n");
        if (!settings.AllowsNetwork)
            profile.Append("(deny network*)\n(allow network* (local ip \"localhost:*\") (remote ip \"localhost:*\"))\n");

        // What another program is asked to do, it does outside of the sandbox.
        profile.Append("(deny appleevent-send)\n(deny mach-lookup (global-name \"com.apple.coreservices.launchservicesd\"))\n");
        profile.Append("(deny file-write*)\n(allow file-write* (literal \"/dev/null\") (literal \"/dev/tty\"))\n");
        foreach (string path in settings.WritableDirectories().Append(settings.Temporary))
            profile.Append($"(allow file-write* (subpath {Quoted(path)}))\n");

        foreach (string path in settings.Protected())
            profile.Append($"(deny file-write* (subpath {Quoted(path)}))\n");

        // What lies above a protected file must not be renamed, so that another can come in its place.
        foreach (string path in GitDirectories.Of(settings.Workspace.Root))
            profile.Append($"(deny file-write-unlink (literal {Quoted(path)}))\n");

        foreach (string path in settings.Hidden())
            profile.Append($"(deny file-read* (subpath {Quoted(path)}))\n");

        return profile.ToString();
    }

    private static string Quoted(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
