using System.Runtime.InteropServices;
using QwenSharp.Numerics;

namespace QwenSharp.Models;

/// <summary>
/// A recurrent layer: linear attention whose state is written by the gated delta rule
/// (Yang, Kautz and Hatamizadeh, 2024, arXiv 2412.06464), behind a short causal convolution.
/// </summary>
/// <param name="Epsilon">ε of its norms.</param>
/// <param name="StateLayer">Which layer of the store of states is its own.</param>
/// <param name="Mixed">Queries, keys and values: [width, convolutionWidth].</param>
/// <param name="Gate">[width, valueWidth].</param>
/// <param name="Decay">a: [width, valueHeads].</param>
/// <param name="Beta">b: [width, valueHeads].</param>
/// <param name="Taps">The convolution's weights: F32 of shape [convolutionWidth, taps].</param>
/// <param name="Rate">A, negative: F32 of shape [valueHeads].</param>
/// <param name="Bias">Added to a: F32 of shape [valueHeads].</param>
/// <param name="Norm">RMSNorm over each value head.</param>
/// <param name="Output">[valueWidth, width].</param>
internal sealed record GatedDeltaNet(
    float Epsilon,
    int StateLayer,
    Linear Mixed,
    Linear Gate,
    Linear Decay,
    Linear Beta,
    Tensor Taps,
    Tensor Rate,
    Tensor Bias,
    Tensor Norm,
    Linear Output
) : IMixer
{
    /// <summary>Takes the weights that all families name alike, of the layer that the reader has entered.</summary>
    public static GatedDeltaNet Read(WeightReader weights, ModelConfig config, Linear mixed, Linear gate, Linear decay, Linear beta)
    {
        DeltaNetShape shape = config.Recurrent!.Shape;
        return new GatedDeltaNet(
            config.RmsEpsilon, config.StateLayerOf(weights.Layer), mixed, gate, decay, beta,
            Transpose(weights.Matrix("ssm_conv1d.weight", shape.Taps, shape.ConvolutionWidth)),
            weights.Vector("ssm_a", shape.ValueHeads),
            weights.Vector("ssm_dt.bias", shape.ValueHeads),
            weights.Vector("ssm_norm.weight", shape.ValueLength),
            weights.Linear("ssm_out", shape.ValueWidth, config.Width));
    }

    /// <inheritdoc/>
    public IEnumerable<Linear> Linears => [Mixed, Gate, Decay, Beta, Output];

    /// <inheritdoc/>
    public void Forward(Compute compute, Batch batch, in SequenceStores stores, Workspace w)
    {
        int rows = batch.Rows;
        DeltaNetWorkspace x = w.DeltaNet!;
        RecurrentStore states = stores.States!;
        w.Project(compute, w.Normed, rows, Mixed.Into(x.Mixed), Gate.Into(x.Gate), Decay.Into(x.Decay), Beta.Into(x.Beta));
        compute.Convolve(states, StateLayer, x.Mixed, Taps, batch.Sequences, x.Convolved);
        compute.DeltaRule(states, StateLayer, x.Convolved, x.Decay, x.Beta, Rate, Bias, Epsilon, batch.Sequences, x.Output);
        compute.NormalizeGated(x.Output, rows, Norm, Epsilon, x.Gate);
        w.Project(compute, x.Output, rows, Output.AddTo(w.Hidden));
    }

    /// <summary>Checkpoints store a channel's taps together; the kernel reads many channels of one tap.</summary>
    private static Tensor Transpose(Tensor weight)
    {
        int channels = weight.Rows, taps = weight.Columns;
        float[] transposed = new float[channels * taps], row = new float[taps];
        for (int channel = 0; channel < channels; channel++)
        {
            Quantization.Dequantize(weight.Type, weight.RowData(channel), row);
            for (int tap = 0; tap < taps; tap++)
                transposed[(tap * channels) + channel] = row[tap];
        }

        return Tensor.Copy(weight.Name, TensorType.F32, [channels, taps], MemoryMarshal.AsBytes<float>(transposed));
    }
}
