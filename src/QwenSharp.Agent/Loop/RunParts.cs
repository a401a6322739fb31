using QwenSharp.Agent.Events;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>What the work on a prompt is done with.</summary>
internal sealed record RunParts(
    AgentOptions Options, ToolContext Context, Toolbox Tools, Conversation Conversation, ModelStep Step, Action<AgentEvent> Tell)
{
    /// <summary>What the model is to be told of where it works, if that is not what it was told last; null otherwise.</summary>
    public required Func<string?> ChangedSurroundings { get; init; }
}
