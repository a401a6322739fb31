using System.Text.Json;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Tests.Permissions;

/// <summary>A tool that is only asked about.</summary>
internal sealed class NamedTool(string name) : AgentTool
{
    public override string Name => name;

    public override string Description => "";

    public override JsonElement Parameters { get; } = JsonElement.Parse("{}");

    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => throw new NotSupportedException();

    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken) =>
        throw new NotSupportedException();
}
