using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>Recurrent layers and blocks that draft the token after next, as their papers write them.</summary>
internal sealed partial class ReferenceModel
{
    /// <summary>The draft of the token after next for every position but the last, from the sequence's own next tokens.</summary>
    public double[][] NextLogits(int[] tokens, int block = 0)
    {
        string prefix = $"blk.{config.Layers + block}.";
        double[][] final = FinalHidden(tokens);
        double[][] hidden =
        [
            .. tokens[1..]
                .Select(
                    (token, t) =>
                        Multiply(
                            prefix + "nextn.eh_proj",
                            [
                                .. Norm(Row(Own("nextn.embed_tokens.weight", "token_embd.weight"), token), prefix + "nextn.enorm.weight"),
                                .. Norm(final[t], prefix + "nextn.hnorm.weight"),
                            ])),
        ];
        AddLayer(hidden, config.Layers + block);
        string norm = Own("nextn.shared_head_norm.weight", "output_norm.weight").Name,
            head = Own("nextn.shared_head_head.weight", Head + ".weight").Name;
        return [.. hidden.Select(h => Multiply(head[..^".weight".Length], Norm(h, norm)))];

        Tensor Own(string name, string otherwise) => _tensors.TryGetValue(prefix + name, out Tensor? own) ? own : _tensors[otherwise];
    }

    private double[][] DeltaNet(string prefix, double[][] normed)
    {
        DeltaNetShape shape = config.Recurrent!.Shape;
        double[][] convolved = Convolve(_tensors[prefix + "ssm_conv1d.weight"], [.. normed.Select(x => Multiply(prefix + "attn_qkv", x))]);
        double[][] gates = [.. normed.Select(x => Multiply(prefix + "attn_gate", x))],
            outputs = [.. normed.Select(_ => new double[shape.ValueWidth])];
        double[] rate = Row(_tensors[prefix + "ssm_a"], 0),
            bias = Row(_tensors[prefix + "ssm_dt.bias"], 0);
        int group = shape.ValueHeads / shape.KeyHeads,
            length = shape.ValueLength;
        for (int head = 0; head < shape.ValueHeads; head++)
        {
            int keyHead = shape.HasAlternatingKeyHeads ? head % shape.KeyHeads : head / group;
            double[,] state = new double[shape.KeyLength, length];
            for (int t = 0; t < normed.Length; t++)
            {
                (double a, double b) = DecayAndBeta(prefix, normed[t], head, group);
                double decay = Math.Exp(rate[head] * Math.Log(1 + Math.Exp(a + bias[head]))), beta = 1 / (1 + Math.Exp(-b));
                double[] query = Unit(convolved[t][(keyHead * shape.KeyLength)..((keyHead + 1) * shape.KeyLength)]);
                double[] key = Unit(
                    convolved[t][(shape.KeyWidth + keyHead * shape.KeyLength)..(shape.KeyWidth + (keyHead + 1) * shape.KeyLength)]);
                double[] value = convolved[t][(2 * shape.KeyWidth + head * length)..(2 * shape.KeyWidth + (head + 1) * length)];
                Step(state, query, key, value, decay, beta).CopyTo(outputs[t], head * length);
            }
        }

        return [.. outputs.Select((o, t) => Multiply(prefix + "ssm_out", [.. o.Chunk(length).SelectMany((head, h) =>
            Norm(head, prefix + "ssm_norm.weight").Select((value, i) => value * Silu(gates[t][h * length + i])))]))];
    }

    // S ← αS; S ← S + k (β (v − Sᵀk))ᵀ; o = Sᵀq / √keyLength.
    private static double[] Step(double[,] state, double[] query, double[] key, double[] value, double decay, double beta)
    {
        double[] output = new double[value.Length];
        for (int column = 0; column < value.Length; column++)
        {
            double recalled = 0;
            for (int row = 0; row < key.Length; row++)
                recalled += (state[row, column] *= decay) * key[row];

            for (int row = 0; row < key.Length; row++)
            {
                state[row, column] += key[row] * beta * (value[column] - recalled);
                output[column] += state[row, column] * query[row] / Math.Sqrt(key.Length);
            }
        }

        return output;
    }

    private (double A, double B) DecayAndBeta(string prefix, double[] x, int head, int group)
    {
        if (!_tensors.ContainsKey(prefix + "ssm_ba.weight"))
            return (Multiply(prefix + "ssm_alpha", x)[head], Multiply(prefix + "ssm_beta", x)[head]);

        double[] both = Multiply(prefix + "ssm_ba", x);
        int first = head / group * 2 * group;
        return (both[first + group + head % group], both[first + head % group]);
    }

    private static double[][] Convolve(Tensor taps, double[][] x)
    {
        double[][] weights = [.. Enumerable.Range(0, taps.Rows).Select(channel => Row(taps, channel))];
        return
        [
            .. x.Select(
                (_, t) =>
                    weights
                        .Select(
                            (weight, channel) =>
                                Silu(
                                    weight
                                        .Select(
                                            (w, j) => t - (weight.Length - 1) + j is >= 0 and int position ? w * x[position][channel] : 0)
                                        .Sum()))
                        .ToArray()),
        ];
    }

    private double[] Unit(double[] x)
    {
        double length = Math.Sqrt(x.Sum(value => value * value) + config.RmsEpsilon);
        return [.. x.Select(value => value / length)];
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));
}
