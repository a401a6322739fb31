using System.Text.Json;

namespace QwenSharp.Agent.Tools;

/// <summary>A tool that the model may call.</summary>
public abstract class AgentTool
{
    /// <summary>The name by which the model calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, for the model. It never changes within a session.</summary>
    public abstract string Description { get; }

    /// <summary>Its parameters as a JSON Schema of an object. It never changes within a session.</summary>
    public abstract JsonElement Parameters { get; }

    /// <summary>What a call would touch, found without touching it.</summary>
    /// <exception cref="ToolException">The arguments are not ones that the tool takes.</exception>
    public abstract ToolAccess AccessOf(ToolArguments arguments, ToolContext context);

    /// <summary>Does what a call asks.</summary>
    /// <exception cref="ToolException">It cannot; the message tells the model why and what to do instead.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken);
}
