using System.Text.Json;

namespace QwenSharp.Agent.Tools.Planning;

/// <summary>Shows the person a plan and asks whether it may be carried out.</summary>
public sealed class ExitPlanModeTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "exit_plan_mode";

    /// <inheritdoc/>
    public override string Description => "In plan mode: shows the person your plan and asks to carry it out.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "plan": { "type": "string", "description": "The plan in Markdown, short" } },
          "required": ["plan"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string plan = arguments.String("plan");
        if (context.AcceptPlan is not { } accept)
            throw new ToolException("Nobody is there to accept the plan. Give it as your answer.");

        (bool isAccepted, string? remark) = await accept(plan, cancellationToken).ConfigureAwait(false);
        string said = remark is null ? "" : $" They say: {remark}";
        string told = isAccepted ? "The person accepts the plan. Carry it out." : "The person does not accept the plan; go on planning.";
        return new ToolResult(told + said)
        {
            Display = plan,
        };
    }
}
