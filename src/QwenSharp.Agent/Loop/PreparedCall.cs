using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>A call of the model, looked at before it runs.</summary>
/// <param name="Call">As the model made it.</param>
/// <param name="Arguments">Its arguments, an object.</param>
internal sealed record PreparedCall(FunctionCallContent Call, JsonElement Arguments)
{
    /// <summary>The tool that it goes to; null where it goes to none.</summary>
    public AgentTool? Tool { get; init; }

    /// <summary>What it would touch.</summary>
    public ToolAccess Access { get; init; } = ToolAccess.None;

    /// <summary>Its result, where that is known before it runs: it cannot run, or may not.</summary>
    public ToolResult? Settled { get; init; }

    /// <summary>Whether it may run while others like it do.</summary>
    public bool OnlyReads => Settled is null && Access.Kind is AccessKind.None or AccessKind.Read;

    /// <summary>Looks at a call.</summary>
    public static PreparedCall Of(FunctionCallContent call, Toolbox tools, ToolContext context)
    {
        PreparedCall prepared = new(call, CallArguments.Json(call));
        if (tools.Find(call.Name) is not { } tool)
            return prepared.Failed(tools.Unknown(call.Name));

        if (call.Exception is { } malformed)
        {
            return prepared.Failed(
                $"The arguments of \"{call.Name}\" are not valid JSON ({malformed.Message}). Call it again with one JSON object.");
        }

        try
        {
            ToolAccess access = tool.AccessOf(new ToolArguments(prepared.Arguments), context);
            return prepared with { Tool = tool, Access = access };
        }
        catch (ToolException wrong)
        {
            return prepared.Failed(wrong.Message);
        }
    }

    /// <summary>The call with the failure that is its result.</summary>
    public PreparedCall Failed(string problem) => this with { Settled = new ToolResult(problem) { IsError = true } };
}
