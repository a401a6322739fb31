using System.Text.Json;

namespace QwenSharp.Agent.Tools.Shell;

/// <summary>Ends a command that runs in the background.</summary>
public sealed class TaskStopTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "task_stop";

    /// <inheritdoc/>
    public override string Description => "Ends a background command.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "task_id": { "type": "string", "description": "As run_shell_command gave it" } },
          "required": ["task_id"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string id = arguments.String("task_id");
        if (await context.Background.StopAsync(id).ConfigureAwait(false))
            return new ToolResult($"{id} was ended.");

        string running = context.Background.Running is { Count: > 0 } names ? $"These run: {string.Join(", ", names)}." : "None runs.";
        throw new ToolException($"There is no background command {id}. {running}");
    }
}
