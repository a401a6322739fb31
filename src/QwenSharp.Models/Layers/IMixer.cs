using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>The half of a decoder layer in which a row reads other rows of its sequence: attention, or a recurrence.</summary>
internal interface IMixer
{
    /// <summary>Its maps, which adapters may change.</summary>
    IEnumerable<Linear> Linears { get; }

    /// <summary>Adds the mixture of <see cref="Workspace.Normed"/> to <see cref="Workspace.Hidden"/>, for all rows of the batch.</summary>
    void Forward(Compute compute, Batch batch, in SequenceStores stores, Workspace w);
}
