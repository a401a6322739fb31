using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Prompts;

/// <summary>
/// Where an agent works: what differs from project to project and from day to day. It goes with the person's prompt and not into the system
/// message, whose tokens stay the same.
/// </summary>
/// <param name="workspace">The project.</param>
/// <param name="mode">What may be done without asking.</param>
/// <param name="memory">What the memory files say; empty for nothing.</param>
/// <param name="time">The clock.</param>
public sealed class Surroundings(Workspace workspace, PermissionMode mode, string memory, TimeProvider time)
{
    /// <summary>The text for the model.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        if (memory.Length > 0)
            text.Append("<memory>\n").Append(memory.TrimEnd()).Append("\n</memory>\n");

        text.Append("<environment>\n");
        text.Append("Project directory: ").Append(workspace.Root).Append('\n');
        foreach (string directory in workspace.Further)
            text.Append("Further directory: ").Append(directory).Append('\n');

        text.Append(CultureInfo.InvariantCulture, $"System: {RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}\n");
        text.Append("Date: ").Append(time.GetLocalNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).Append('\n');
        text.Append("Git: ").Append(GitHead.Of(workspace.Root) ?? "not a repository").Append('\n');
        text.Append("Permissions: ").Append(Say(mode)).Append('\n');
        return text.Append("</environment>").ToString();
    }

    private static string Say(PermissionMode mode) => mode switch
    {
        PermissionMode.Plan => "plan mode: read and search only, change nothing; answer with a plan.",
        PermissionMode.Ask => "changes and commands are asked for.",
        PermissionMode.AcceptEdits => "edits inside the project are accepted, commands are asked for.",
        _ => "edits and commands inside the project run without asking.",
    };
}
