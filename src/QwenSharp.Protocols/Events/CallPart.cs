using Microsoft.Extensions.AI;

namespace QwenSharp.Protocols.Events;

/// <summary>What is new of a call that an answer makes; or, in a folded answer, all of it.</summary>
/// <param name="Index">Its place among the answer's calls, from 0.</param>
/// <param name="Id">Its id.</param>
/// <param name="Name">Which tool.</param>
public sealed record CallPart(int Index, string Id, string Name)
{
    /// <summary>Whether the call begins here.</summary>
    public bool Begins { get; init; }

    /// <summary>More of the JSON text of its arguments: an object, unless the answer is cut in the middle.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>The call, in its last part; null in those before, and of a call that was cut in all of them.</summary>
    public FunctionCallContent? Whole { get; init; }
}
