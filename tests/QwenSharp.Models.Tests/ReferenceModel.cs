using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>A decoder as the papers write it: one sequence, every position attends to all before it, all in double precision.</summary>
internal sealed class ReferenceModel(ModelConfig config, IEnumerable<Tensor> tensors)
{
    private readonly Dictionary<string, Tensor> _tensors = tensors.ToDictionary(tensor => tensor.Name);

    /// <summary>The logits of every position.</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens)
    {
        Tensor embedding = _tensors["token_embd.weight"];
        double[][] hidden = [.. tokens.ToArray().Select(token => Row(embedding, token))];
        for (int layer = 0; layer < config.Layers; layer++)
        {
            string prefix = $"blk.{layer}.";
            Add(hidden, Attention(prefix, [.. hidden.Select(h => Norm(h, prefix + "attn_norm.weight"))]));
            Add(hidden, [.. hidden.Select(h => FeedForward(prefix, Norm(h, prefix + "ffn_norm.weight")))]);
        }

        string head = config.HasTiedHead ? "token_embd" : "output";
        return [.. hidden.Select(h => Multiply(head, Norm(h, "output_norm.weight")))];
    }

    private double[][] Attention(string prefix, double[][] normed)
    {
        int queries = config.Heads * config.HeadLength, kv = config.KvHeads * config.HeadLength;
        double[] Part(string name, double[] x, int first, int count) => config.HasFusedQkv
            ? Multiply(prefix + "attn_qkv", x)[first..(first + count)]
            : Multiply(prefix + name, x);
        double[][] q = [.. normed.Select((x, p) => Rotate(Part("attn_q", x, 0, queries), prefix + "attn_q_norm.weight", p))];
        double[][] k = [.. normed.Select((x, p) => Rotate(Part("attn_k", x, queries, kv), prefix + "attn_k_norm.weight", p))];
        double[][] v = [.. normed.Select(x => Part("attn_v", x, queries + kv, kv))];
        return [.. q.Select((_, p) => Multiply(prefix + "attn_output", Mix(q[p], k, v, p)))];
    }

    private double[] Mix(double[] query, double[][] keys, double[][] values, int position)
    {
        int length = config.HeadLength;
        double[] mixed = new double[query.Length];
        for (int head = 0; head < config.Heads; head++)
        {
            int kv = head / (config.Heads / config.KvHeads);
            double[] scores = new double[position + 1];
            for (int p = 0; p <= position; p++)
            {
                for (int d = 0; d < length; d++)
                    scores[p] += query[head * length + d] * keys[p][kv * length + d] / Math.Sqrt(length);
            }

            double sum = scores.Sum(Math.Exp);
            for (int p = 0; p <= position; p++)
            {
                for (int d = 0; d < length; d++)
                    mixed[head * length + d] += Math.Exp(scores[p]) / sum * values[p][kv * length + d];
            }
        }

        return mixed;
    }

    private double[] FeedForward(string prefix, double[] x)
    {
        double[] gate = Multiply(prefix + "ffn_gate", x), up = Multiply(prefix + "ffn_up", x);
        return Multiply(prefix + "ffn_down", [.. gate.Select((g, i) => g / (1 + Math.Exp(-g)) * up[i])]);
    }

    private double[] Rotate(double[] heads, string norm, int position)
    {
        int length = config.HeadLength;
        double[] rotated = new double[heads.Length];
        for (int start = 0; start < heads.Length; start += length)
        {
            double[] head = heads[start..(start + length)];
            if (config.HasQkNorm)
                head = Norm(head, norm);

            for (int i = 0; i < length / 2; i++)
            {
                (double angle, double magnitude) = Angle(position, i);
                rotated[start + i] = magnitude * (head[i] * Math.Cos(angle) - head[i + length / 2] * Math.Sin(angle));
                rotated[start + i + length / 2] = magnitude * (head[i] * Math.Sin(angle) + head[i + length / 2] * Math.Cos(angle));
            }
        }

        return rotated;
    }

    private (double Angle, double Magnitude) Angle(int position, int pair)
    {
        double frequency = 1 / Math.Pow(config.RopeTheta, 2.0 * pair / config.HeadLength);
        switch (config.RopeScaling)
        {
            case LinearRopeScaling linear:
                return (position / (double)linear.Factor * frequency, 1);
            case YarnRopeScaling yarn:
                // The paper's ramp γ over the number of rotations, in the form with bounds on the pair's number that Hugging Face
                // and llama.cpp use: the bounds are whole pairs.
                double Bound(double beta) => config.HeadLength / 2.0 * Math.Log(yarn.OriginalContextLength / (2 * Math.PI * beta)) / Math.Log(config.RopeTheta);
                double low = Math.Max(Math.Floor(Bound(yarn.BetaFast)), 0), high = Math.Min(Math.Ceiling(Bound(yarn.BetaSlow)), config.HeadLength - 1);
                double ramp = pair <= low ? 0 : pair >= high ? 1 : (pair - low) / (high - low);
                return (position * (frequency / yarn.Factor * ramp + frequency * (1 - ramp)), 1.1f * (1 + 0.1 * Math.Log(yarn.Factor)));
            default:
                return (position * frequency, 1);
        }
    }

    private double[] Norm(double[] x, string name)
    {
        double[] weight = Row(_tensors[name], 0);
        double scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + config.RmsEpsilon);
        return [.. x.Select((v, i) => v * scale * weight[i])];
    }

    private double[] Multiply(string name, double[] x)
    {
        Tensor weight = _tensors[name + ".weight"];
        double[]? bias = _tensors.TryGetValue(name + ".bias", out Tensor? tensor) ? Row(tensor, 0) : null;
        double[] y = new double[weight.Rows];
        for (int o = 0; o < y.Length; o++)
            y[o] = Row(weight, o).Zip(x, (w, v) => w * v).Sum() + (bias?[o] ?? 0);

        return y;
    }

    private static double[] Row(Tensor tensor, int row)
    {
        float[] values = new float[tensor.Columns];
        Quantization.Dequantize(tensor.Type, tensor.RowData(row), values);
        return [.. values.Select(value => (double)value)];
    }

    private static void Add(double[][] to, double[][] what)
    {
        for (int p = 0; p < to.Length; p++)
        {
            for (int i = 0; i < to[p].Length; i++)
                to[p][i] += what[p][i];
        }
    }
}
