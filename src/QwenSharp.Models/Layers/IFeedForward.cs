using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The half of a decoder layer that transforms each row by itself: a dense network, or a mixture of experts.</summary>
internal interface IFeedForward
{
    /// <summary>Its maps, which adapters may change; without those of experts.</summary>
    IEnumerable<Linear> Linears { get; }

    /// <summary>
    /// Adds the network's answer to <see cref="Workspace.Normed"/> to <see cref="Workspace.Hidden"/>, for the first <paramref name="rows"/>
    /// rows.
    /// </summary>
    void Forward(Compute compute, int rows, Workspace w);
}
