using Microsoft.Extensions.AI;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Prompts;
using QwenSharp.Agent.Sessions;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent;

/// <summary>How an agent works.</summary>
public sealed record AgentOptions
{
    /// <summary>The tools that it is offered; their order and texts stay what they are for the whole session.</summary>
    public IReadOnlyList<AgentTool> Tools { get; init; } = [];

    /// <summary>Decides which calls may run. Without one, what only reads runs, and the rest is asked for.</summary>
    public PermissionPolicy Permissions { get; init; } = new(PermissionMode.Ask);

    /// <summary>The system message: it stays the same from session to session, so that a cache of prefixes keeps it.</summary>
    public string SystemPrompt { get; init; } = Prompts.SystemPrompt.Text;

    /// <summary>
    /// What the model is told with a prompt, before it, when it has changed since it was told last: where it works, the time, what the
    /// memory files say. Null for nothing.
    /// </summary>
    public Func<string>? Surroundings { get; init; }

    /// <summary>The tokens that prompt and answer may have together; 0 where nobody knows.</summary>
    public int ContextLength { get; init; } = 131_072;

    /// <summary>The share of the context at which a summary takes the place of the older part of the conversation.</summary>
    public double CompactAt { get; init; } = 0.8;

    /// <summary>How often the model may answer for one prompt; null for no limit.</summary>
    public int? MaxTurns { get; init; }

    /// <summary>The tokens that each answer may think; null for as many as it likes. Clients that know no such limit refuse it.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>What else is asked of each answer, such as sampling; its tools are set here.</summary>
    public ChatOptions Chat { get; init; } = new();

    /// <summary>How often a request is sent that fails in a way that passes.</summary>
    public int MostAttempts { get; init; } = 5;

    /// <summary>What a failure of the client means.</summary>
    public Func<Exception, ModelFault> FaultOf { get; init; } = ModelFault.Of;

    /// <summary>Where the conversation is kept; null for nowhere.</summary>
    public Session? Session { get; init; }

    /// <summary>Programs and code that are asked before and told after what the agent does.</summary>
    public IReadOnlyList<AgentHook> Hooks { get; init; } = [];
}
