using QwenSharp.Numerics;

namespace QwenSharp.Training;

/// <summary>What all layers of one pass over a batch share.</summary>
/// <param name="Compute">The kernels.</param>
/// <param name="Rows">Tokens of the batch.</param>
/// <param name="Segments">Ascending first rows of the batch's texts, and <paramref name="Rows"/> at the end: no text sees another.</param>
/// <param name="Scratch">Memory that layers use in turn.</param>
/// <param name="DropoutSeed">What the dropout of this pass is drawn from; null where nothing is dropped, as in evaluation.</param>
internal sealed record Pass(TrainingCompute Compute, int Rows, int[] Segments, Scratch Scratch, ulong? DropoutSeed);
