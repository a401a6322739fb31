namespace QwenSharp.Models;

/// <summary>What a forward pass ends with, for the rows of <see cref="Batch.LogitRows"/>.</summary>
public enum ForwardOutput
{
    /// <summary>Logits, in <see cref="Workspace.Logits"/>; the final hidden states are there too.</summary>
    Logits,

    /// <summary>The final hidden states alone, in <see cref="Workspace.FinalHidden"/>: the output head is not computed.</summary>
    Hidden,
}
