using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>A decoder as the papers write it: one sequence, every position attends to all before it, all in double precision.</summary>
/// <param name="config">The model.</param>
/// <param name="tensors">Its weights.</param>
/// <param name="grid">Positions of three parts (M-RoPE), where they are not those in the sequence.</param>
internal sealed partial class ReferenceModel(ModelConfig config, IEnumerable<Tensor> tensors, GridPosition[]? grid = null)
{
    private readonly Dictionary<string, Tensor> _tensors = tensors.ToDictionary(tensor => tensor.Name);

    private string Head => config.HasTiedHead ? "token_embd" : "output";

    /// <summary>The logits of every position.</summary>
    public double[][] Logits(ReadOnlySpan<int> tokens) => [.. FinalHidden(tokens).Select(h => Multiply(Head, h))];

    /// <summary>The hidden state of every position behind the output norm.</summary>
    public double[][] FinalHidden(ReadOnlySpan<int> tokens)
    {
        Tensor embedding = _tensors["token_embd.weight"];
        double[][] hidden = [.. tokens.ToArray().Select(token => Row(embedding, token))];
        for (int layer = 0; layer < config.Layers; layer++)
            AddLayer(hidden, layer);

        return [.. hidden.Select(h => Norm(h, "output_norm.weight"))];
    }

    private void AddLayer(double[][] hidden, int layer)
    {
        string prefix = $"blk.{layer}.", feedForwardNorm = config.Recurrent is null ? "ffn_norm.weight" : "post_attention_norm.weight";
        double[][] normed = [.. hidden.Select(h => Norm(h, prefix + "attn_norm.weight"))];
        bool isRecurrent = layer < config.Layers && config.Recurrent is { } recurrent && (layer + 1) % recurrent.AttentionInterval != 0;
        Add(hidden, isRecurrent ? DeltaNet(prefix, normed) : Attention(prefix, normed));
        Add(hidden, [.. hidden.Select(h => FeedForward(prefix, Norm(h, prefix + feedForwardNorm)))]);
    }

    private double[][] Attention(string prefix, double[][] normed)
    {
        int queries = config.Heads * config.HeadLength, kv = config.KvHeads * config.HeadLength;
        double[] Part(string name, double[] x, int first, int count) => config.HasFusedQkv
            ? Multiply(prefix + "attn_qkv", x)[first..(first + count)]
            : Multiply(prefix + name, x);
        double[][] queriesAndGates = [.. normed.Select(x => Part("attn_q", x, 0, queries))], gates = [];
        if (config.HasGatedAttention)
        {
            (queriesAndGates, gates) = (
                [.. queriesAndGates.Select(x => EveryOther(x, 0))],
                [.. queriesAndGates.Select(x => EveryOther(x, 1))]);
        }

        double[][] q = [.. queriesAndGates.Select((x, p) => Rotate(x, prefix + "attn_q_norm.weight", p))];
        double[][] k = [.. normed.Select((x, p) => Rotate(Part("attn_k", x, queries, kv), prefix + "attn_k_norm.weight", p))];
        double[][] v = [.. normed.Select(x => Part("attn_v", x, queries + kv, kv))];
        return [.. q.Select((_, p) => Multiply(prefix + "attn_output", Gated(Mix(q[p], k, v, p), p)))];

        double[] EveryOther(double[] x, int which) =>
            [.. x.Chunk(config.HeadLength).Where((_, i) => i % 2 == which).SelectMany(head => head)];
        double[] Gated(double[] x, int p) =>
            config.HasGatedAttention ? [.. x.Select((value, i) => value / (1 + Math.Exp(-gates[p][i])))] : x;
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

    private double[] FeedForward(string prefix, double[] x) => config.Experts is { } experts
        ? Mixture(experts, prefix, x)
        : SwiGlu(name => Multiply(prefix + name, x), (name, hidden) => Multiply(prefix + name, hidden), "");

    private static double[] SwiGlu(Func<string, double[]> expand, Func<string, double[], double[]> contract, string suffix)
    {
        double[] gate = expand("ffn_gate" + suffix), up = expand("ffn_up" + suffix);
        return contract("ffn_down" + suffix, [.. gate.Select((g, i) => g / (1 + Math.Exp(-g)) * up[i])]);
    }

    private double[] Mixture(MixtureOfExperts experts, string prefix, double[] x)
    {
        double[] scores = Multiply(prefix + "ffn_gate_inp", x), sum = new double[x.Length];
        double all = scores.Sum(Math.Exp);
        int[] hit = [.. Enumerable.Range(0, experts.Count).OrderByDescending(e => scores[e]).Take(experts.Used)];
        double chosen = experts.NormalizesWeights ? hit.Sum(e => Math.Exp(scores[e])) : all;
        foreach (int e in hit)
        {
            double[] answer = SwiGlu(
                name => MultiplyExpert(prefix + name, e, x),
                (name, hidden) => MultiplyExpert(prefix + name, e, hidden),
                "_exps");
            for (int i = 0; i < sum.Length; i++)
                sum[i] += experts.WeightScale * Math.Exp(scores[e]) / chosen * answer[i];
        }

        if (experts.SharedWidth > 0)
        {
            double gate = Row(_tensors[prefix + "ffn_gate_inp_shexp.weight"], 0).Zip(x, (w, v) => w * v).Sum();
            double[] answer = SwiGlu(name => Multiply(prefix + name, x), (name, hidden) => Multiply(prefix + name, hidden), "_shexp");
            for (int i = 0; i < sum.Length; i++)
                sum[i] += answer[i] / (1 + Math.Exp(-gate));
        }

        return sum;
    }

    private double[] MultiplyExpert(string name, int expert, double[] x)
    {
        Tensor stack = _tensors[name + ".weight"];
        int rows = stack.Rows / config.Experts!.Count;
        return [.. Enumerable.Range(expert * rows, rows).Select(row => Row(stack, row).Zip(x, (w, v) => w * v).Sum())];
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

            int pairs = config.RotaryLength / 2;
            head.CopyTo(rotated, start);
            for (int i = 0; i < pairs; i++)
            {
                (double angle, double magnitude) = Angle(grid is null ? position : AxisPosition(grid[position], i), i);
                rotated[start + i] = magnitude * (head[i] * Math.Cos(angle) - head[i + pairs] * Math.Sin(angle));
                rotated[start + i + pairs] = magnitude * (head[i] * Math.Sin(angle) + head[i + pairs] * Math.Cos(angle));
            }
        }

        return rotated;
    }

    // As Hugging Face's code does it: sections one after the other, or time everywhere and then every third pair from 1 and from 2 on
    // overwritten.
    private int AxisPosition(GridPosition position, int pair)
    {
        RotarySections sections = config.RotarySections!;
        if (!sections.IsInterleaved)
        {
            return (
                (int[])
                    [
                        .. Enumerable.Repeat(position.Time, sections.Time),
                        .. Enumerable.Repeat(position.Height, sections.Height),
                        .. Enumerable.Repeat(position.Width, sections.Width),
                    ]
            )[pair];
        }

        int[] parts = [.. Enumerable.Repeat(position.Time, config.RotaryLength / 2)];
        for (int i = 1; i < Math.Min(3 * sections.Height, parts.Length); i += 3)
            parts[i] = position.Height;

        for (int i = 2; i < Math.Min(3 * sections.Width, parts.Length); i += 3)
            parts[i] = position.Width;

        return parts[pair];
    }

    private (double Angle, double Magnitude) Angle(int position, int pair)
    {
        double frequency = 1 / Math.Pow(config.RopeTheta, 2.0 * pair / config.RotaryLength);
        switch (config.RopeScaling)
        {
            case LinearRopeScaling linear:
                return (position / (double)linear.Factor * frequency, 1);
            case YarnRopeScaling yarn:
                // The paper's ramp γ over the number of rotations, in the form with bounds on the pair's number that Hugging Face
                // and llama.cpp use: the bounds are whole pairs.
                double Bound(double beta) =>
                    config.RotaryLength / 2.0 * Math.Log(yarn.OriginalContextLength / (2 * Math.PI * beta)) / Math.Log(config.RopeTheta);
                Func<double, double> floor = yarn.Truncates ? Math.Floor : bound => bound,
                    ceiling = yarn.Truncates ? Math.Ceiling : bound => bound;
                double low = Math.Max(floor(Bound(yarn.BetaFast)), 0),
                    high = Math.Min(ceiling(Bound(yarn.BetaSlow)), config.RotaryLength - 1);
                double ramp =
                    pair <= low ? 0
                    : pair >= high ? 1
                    : (pair - low) / (high - low);
                return (position * (frequency / yarn.Factor * ramp + frequency * (1 - ramp)), 1.1f * (1 + 0.1 * Math.Log(yarn.Factor)));
            case DynamicRopeScaling dynamic:
                // Hugging Face's formula at the length of the whole stretched context.
                double length = config.RotaryLength, stretched = 256.0 * dynamic.Factor;
                double theta = config.RopeTheta * Math.Pow(dynamic.Factor * stretched / 256 - (dynamic.Factor - 1), length / (length - 2));
                return (position / Math.Pow(theta, 2.0 * pair / length), 1);
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

    /// <summary>NAME.weight · x + NAME.bias.</summary>
    public double[] Multiply(string name, double[] x)
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
