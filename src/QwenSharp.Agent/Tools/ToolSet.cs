using QwenSharp.Agent.Tools.Discovery;
using QwenSharp.Agent.Tools.Files;
using QwenSharp.Agent.Tools.Planning;
using QwenSharp.Agent.Tools.Searching;
using QwenSharp.Agent.Tools.Shell;
using QwenSharp.Agent.Tools.Web;

namespace QwenSharp.Agent.Tools;

/// <summary>The tools of a profile.</summary>
public static class ToolSet
{
    /// <summary>The tools, in the order in which they are offered.</summary>
    /// <param name="profile">Which ones.</param>
    /// <param name="skills">The skills that may be read; with none the tool for them is left out.</param>
    /// <param name="deferred">Tools that are not offered and can be found; with none the tool for that is left out.</param>
    public static IReadOnlyList<AgentTool> For(
        ToolProfile profile, IReadOnlyList<Skill>? skills = null, IReadOnlyList<AgentTool>? deferred = null)
    {
        if (profile == ToolProfile.BashOnly)
            return [new ShellTool(ShellTool.AloneName)];

        return
        [
            new ReadFileTool(),
            .. profile == ToolProfile.ApplyPatch ? (AgentTool[])[new ApplyPatchTool()] : [new EditTool(), new WriteFileTool()],
            new ShellTool(),
            new TaskStopTool(),
            new GrepSearchTool(),
            new GlobTool(),
            new ListDirectoryTool(),
            new TodoWriteTool(),
            new WebFetchTool(),
            new AskUserQuestionTool(),
            new ExitPlanModeTool(),
            new SaveMemoryTool(),
            .. skills is { Count: > 0 } ? (AgentTool[])[new SkillTool(skills)] : [],
            .. deferred is { Count: > 0 } ? (AgentTool[])[new ToolSearchTool(deferred)] : [],
        ];
    }
}
