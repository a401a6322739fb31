using QwenSharp.Agent.Tools;

namespace QwenSharp.Cli.Code;

/// <summary>The tools of an agent on the command line.</summary>
internal static class CodeTools
{
    // What models of other houses were trained to change files with.
    private static readonly string[] PatchModels = ["gpt-", "codex", "o3", "o4"];

    /// <summary>The tools that suit a model, but those that are never to run.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="disallowed">Rules for what never runs; one that is a tool's name alone takes the tool away.</param>
    public static IReadOnlyList<AgentTool> For(string model, IReadOnlyList<string> disallowed) =>
        [.. ToolSet.For(ProfileOf(model)).Where(tool => !disallowed.Contains(tool.Name))];

    private static ToolProfile ProfileOf(string model) =>
        PatchModels.Any(prefix => model.Split('/')[^1].StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? ToolProfile.ApplyPatch
            : ToolProfile.QwenCode;
}
