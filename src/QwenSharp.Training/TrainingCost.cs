using QwenSharp.Models;

namespace QwenSharp.Training;

/// <summary>What training costs, reckoned from a model's shape: the operations that bound its speed, and its memory.</summary>
/// <param name="Config">The model.</param>
/// <param name="Lora">The shape of the adapters; null where all weights are trained.</param>
/// <param name="Recomputes">Whether layers are computed again in the backward pass.</param>
/// <param name="Rows">Tokens of a forward and backward pass.</param>
public sealed record TrainingCost(ModelConfig Config, LoraOptions? Lora, bool Recomputes, int Rows)
{
    private long Head => (long)Config.Width * Config.VocabularySize;

    private long BlockElements => BlockMatrices.All.Sum(matrix => ElementsOf(matrix));

    private long NormElements => Config.Layers * (2L * Config.Width + (Config.HasQkNorm ? 2L * Config.HeadLength : 0)) + Config.Width;

    private long BiasElements => Config.HasQkvBias ? Config.Layers * (Config.QueryWidth + 2L * Config.KvWidth) : 0;

    /// <summary>Elements of the model's matrices that a token is multiplied with.</summary>
    public long MatrixElements => Config.Layers * BlockElements + Head;

    /// <summary>Elements that are trained.</summary>
    public long TrainedElements => Lora is null
        ? MatrixElements + (Config.HasTiedHead ? 0 : Head) + NormElements + BiasElements
        : Config.Layers * Lora.Targets.Sum(AdapterElements);

    /// <summary>
    /// Floating-point operations a token: 2 a weight forward, 2 for the gradient by what goes in, 2 for that by the weight where it is
    /// trained
    /// (6 in full training; Kaplan et al., 2020); and attention over a text of <paramref name="length"/> tokens, of which a token sees
    /// half:
    /// 4 a pair and feature forward, 10 backward. With <see cref="RepeatedOperationsPerToken"/> where layers are computed twice.
    /// </summary>
    /// <param name="length">Tokens of a text.</param>
    public double OperationsPerToken(int length)
    {
        double weights = Lora is null ? 6.0 * MatrixElements : 4.0 * MatrixElements + 6.0 * TrainedElements;
        return weights + 14 * Config.Layers * PairFeatures(length) + RepeatedOperationsPerToken(length);
    }

    /// <summary>
    /// Of <see cref="OperationsPerToken"/>, those of layers that are computed a second time to save memory: the forward pass of all layers
    /// but
    /// the last, whose results are still there, up to the way down, whose result the backward pass does not need.
    /// </summary>
    /// <param name="length">Tokens of a text.</param>
    public double RepeatedOperationsPerToken(int length)
    {
        if (!Recomputes)
            return 0;

        long adapters = Lora?.Targets.Where(matrix => matrix != BlockMatrix.Down).Sum(AdapterElements) ?? 0;
        return (Config.Layers - 1) * (2.0 * (BlockElements - ElementsOf(BlockMatrix.Down) + adapters) + 4 * PairFeatures(length));
    }

    /// <summary>
    /// Bytes of memory beside a frozen model's weights: trained weights with their gradients and moments, and what a pass over
    /// <see cref="Rows"/> tokens keeps.
    /// </summary>
    public long Bytes
    {
        get
        {
            ModelConfig c = Config;
            long tape =
                3L * c.Width
                + 3L * c.QueryWidth
                + 3L * c.KvWidth
                + c.Heads
                + 3L * c.FeedForwardWidth
                + (Lora is null ? 0 : BlockMatrices.All.Count * Lora.Rank);
            long scratch = c.RotaryLength + 2L * c.Width + 2L * c.QueryWidth + 2L * c.KvWidth + 2L * c.FeedForwardWidth + (Lora?.Rank ?? 0);
            if (Lora is { Dropout: > 0 })
                scratch += 2L * new[] { c.Width, c.QueryWidth, c.FeedForwardWidth }.Distinct().Sum();

            long perRow = (c.Layers + 1L) * c.Width + (Recomputes ? 1 : c.Layers) * tape + scratch;
            long logits = (long)TrainingWorkspace.LogitRows(c, Rows) * (c.VocabularySize + 4L * c.Width);
            return sizeof(float) * (4 * TrainedElements + perRow * Rows + logits);
        }
    }

    // What a layer's attention multiplies for a token, on average: each query feature with each position that it sees, itself included.
    private double PairFeatures(int length) => (length + 1) / 2.0 * Config.QueryWidth;

    private long AdapterElements(BlockMatrix matrix) => Lora!.Rank * (WidthsOf(matrix).Inputs + (long)WidthsOf(matrix).Outputs);

    private (int Inputs, int Outputs) WidthsOf(BlockMatrix matrix) => BlockMatrices.WidthsOf(matrix, Config);

    private long ElementsOf(BlockMatrix matrix) => (long)WidthsOf(matrix).Inputs * WidthsOf(matrix).Outputs;
}
