namespace QwenSharp.Numerics;

/// <summary>The rows of one sequence in a batch, and where its keys, values and states are kept.</summary>
/// <param name="FirstRow">The sequence's first row in the batch.</param>
/// <param name="Rows">How many consecutive rows are its.</param>
/// <param name="FirstPosition">The position of the first of these rows in the sequence; earlier positions are already stored.</param>
/// <param name="Blocks">Block numbers of the KV store: position p lies in block Blocks[p / BlockTokens].</param>
/// <param name="Slot">Where the states of recurrent layers are, if the model has such.</param>
public readonly record struct SequenceRows(int FirstRow, int Rows, int FirstPosition, int[] Blocks, int Slot = 0);
