using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>
/// What transformers stores otherwise than GGUF: recurrent layers, norms around zero, stacks of experts, blocks for the token after next.
/// </summary>
internal static class HuggingFaceHybrid
{
    /// <summary>Adds the keys of recurrent layers.</summary>
    public static void Describe(ModelConfig config, RecurrentLayers recurrent, JsonObject json)
    {
        DeltaNetShape shape = recurrent.Shape;
        json["linear_conv_kernel_dim"] = shape.Taps;
        json["linear_num_key_heads"] = shape.KeyHeads;
        json["linear_num_value_heads"] = shape.ValueHeads;
        json["linear_key_head_dim"] = shape.KeyLength;
        json["linear_value_head_dim"] = shape.ValueLength;
        json["full_attention_interval"] = recurrent.AttentionInterval;
        json["layer_types"] = new JsonArray([
            .. Enumerable
                .Range(0, config.Layers)
                .Select(layer => (JsonNode)(recurrent.Contains(layer) ? "linear_attention" : "full_attention")),
        ]);
        json["partial_rotary_factor"] = (double)config.RotaryLength / config.HeadLength;
        json["attn_output_gate"] = true;
        json["mtp_num_hidden_layers"] = 1;
    }

    /// <summary>Writes the tensors that are stored otherwise; returns the others.</summary>
    public static IEnumerable<Tensor> Take(ModelConfig config, IEnumerable<Tensor> tensors, SafetensorsWriter writer, SafetensorsType type)
    {
        DeltaNetShape shape = config.Recurrent!.Shape;
        Dictionary<string, Tensor> all = tensors.ToDictionary(tensor => tensor.Name);
        int group = shape.ValueHeads / shape.KeyHeads, values = shape.ValueLength, queriesAndKeys = 2 * shape.KeyWidth;

        // GGUF's Qwen3.5 has the value heads of a key head KeyHeads apart; transformers, side by side.
        int[] Moved(int first, int length) =>
            [
                .. Enumerable
                    .Range(0, shape.ValueHeads * length)
                    .Select(i =>
                        first
                        + (shape.HasAlternatingKeyHeads ? (i / length % group * shape.KeyHeads) + (i / length / group) : i / length)
                            * length
                        + (i % length)),
            ];
        int[] inGroups = [.. Enumerable.Range(0, queriesAndKeys), .. Moved(queriesAndKeys, values)];
        foreach (Tensor tensor in all.Values.ToArray())
        {
            string[] parts = tensor.Name.Split('.', 3);
            string kind = parts[0] == "blk" ? parts[2] : tensor.Name;
            float[] rows = HuggingFaceFolder.Floats(tensor);
            bool isNorm = kind.EndsWith("norm.weight", StringComparison.Ordinal) && kind != "ssm_norm.weight";
            string? name = isNorm || kind.StartsWith("nextn.", StringComparison.Ordinal) ? Name(config, tensor.Name) : null;
            long[] dimensions = [.. tensor.Shape.ToArray().Reverse()];
            if (isNorm)
                rows = [.. rows.Select(value => value - 1)];

            switch (kind)
            {
                case "ssm_a":
                    (name, rows) = (Inside("A_log"), [.. Rows(rows, 1, Moved(0, 1)).Select(value => MathF.Log(-value))]);
                    break;
                case "ssm_dt.bias":
                    (name, rows) = (Inside("dt_bias"), Rows(rows, 1, Moved(0, 1)));
                    break;
                case "ssm_conv1d.weight":
                    (name, rows, dimensions) = (
                        Inside("conv1d.weight"),
                        Rows(rows, shape.Taps, inGroups),
                        [shape.ConvolutionWidth, 1, shape.Taps]);
                    break;
                case "attn_qkv.weight" when config.Architecture == "qwen3next":
                    float[] gate = HuggingFaceFolder.Floats(all[tensor.Name.Replace("attn_qkv", "attn_gate", StringComparison.Ordinal)]);
                    int width = group * values;
                    rows = [.. Enumerable.Range(0, shape.KeyHeads).SelectMany(head => (float[])
                    [
                        .. Range(rows, head * shape.KeyLength, shape.KeyLength),
                        .. Range(rows, shape.KeyWidth + (head * shape.KeyLength), shape.KeyLength),
                        .. Range(rows, queriesAndKeys + (head * width), width),
                        .. Range(gate, head * width, width),
                    ])];
                    (name, dimensions) = (Inside("in_proj_qkvz.weight"), [rows.Length / config.Width, config.Width]);
                    break;
                case "attn_gate.weight" when config.Architecture == "qwen3next":
                    all.Remove(tensor.Name);
                    break;
                case "attn_qkv.weight":
                    (name, rows) = (Inside("in_proj_qkv.weight"), Rows(rows, config.Width, inGroups));
                    break;
                case "attn_gate.weight":
                    (name, rows) = (Inside("in_proj_z.weight"), Rows(rows, config.Width, Moved(0, values)));
                    break;
                case "ssm_alpha.weight" or "ssm_beta.weight":
                    (name, rows) = (
                        Inside(kind == "ssm_alpha.weight" ? "in_proj_a.weight" : "in_proj_b.weight"),
                        Rows(rows, config.Width, Moved(0, 1)));
                    break;
                case "ssm_out.weight":
                    int[] columns = Moved(0, values);
                    float[] old = rows;
                    (name, rows) = (
                        Inside("out_proj.weight"),
                        [
                            .. Enumerable
                                .Range(0, old.Length)
                                .Select(i => old[(i / columns.Length * columns.Length) + columns[i % columns.Length]]),
                        ]);
                    break;
                case not null
                    when parts[0] == "blk"
                        && int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) >= config.Layers
                        && tensor.Shape.Length < 3:
                    name ??= Name(config, tensor.Name);
                    if (kind == "ffn_gate_inp_shexp.weight")
                        dimensions = [1, .. dimensions];
                    break;
            }

            if (name is null)
                continue;

            all.Remove(tensor.Name);
            writer.Add(name, type, dimensions, HuggingFaceFolder.Encode(rows, type));

            string Inside(string parameter) => $"model.layers.{parts[1]}.linear_attn.{parameter}";
            IEnumerable<float> Range(float[] source, int first, int count) => source.Skip(first * config.Width).Take(count * config.Width);
        }

        return [.. all.Values];

        static float[] Rows(float[] source, int columns, int[] order) =>
            [.. order.SelectMany(row => source.AsSpan(row * columns, columns).ToArray())];
    }

    /// <summary>Writes each layer's experts as one tensor, gate and up together; returns the other tensors.</summary>
    public static IEnumerable<Tensor> TakeExperts(
        IEnumerable<Tensor> tensors,
        SafetensorsWriter writer,
        SafetensorsType type,
        int layers,
        bool transposed)
    {
        Tensor[] all = [.. tensors];
        foreach (Tensor gate in all.Where(tensor => tensor.Name.EndsWith("ffn_gate_exps.weight", StringComparison.Ordinal)))
        {
            int layer = int.Parse(gate.Name.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture);
            string place = layer < layers ? $"model.layers.{layer}" : $"mtp.layers.{layer - layers}";
            Tensor up = all.Single(tensor => tensor.Name == gate.Name.Replace("gate", "up", StringComparison.Ordinal)),
                down = all.Single(tensor => tensor.Name == gate.Name.Replace("gate", "down", StringComparison.Ordinal));
            Write(place + ".mlp.experts.gate_up_proj", gate, up);
            Write(place + ".mlp.experts.down_proj", down);
        }

        return all.Where(tensor => tensor.Shape.Length < 3);

        void Write(string name, params Tensor[] parts)
        {
            int inputs = (int)parts[0].Shape[0],
                each = (int)parts[0].Shape[1],
                outputs = each * parts.Length,
                experts = (int)parts[0].Shape[2];
            float[][] data = [.. parts.Select(HuggingFaceFolder.Floats)];
            float[] stack = new float[inputs * outputs * experts];
            for (int e = 0; e < experts; e++)
            {
                for (int o = 0; o < outputs; o++)
                {
                    for (int i = 0; i < inputs; i++)
                    {
                        stack[(e * inputs * outputs) + (transposed ? (i * outputs) + o : (o * inputs) + i)] = data[o / each][
                    (((e * each) + (o % each)) * inputs) + i
                ];
                    }
                }
            }

            writer.Add(
                name,
                type,
                transposed ? [experts, inputs, outputs] : [experts, outputs, inputs],
                HuggingFaceFolder.Encode(stack, type));
        }
    }

    private static string Name(ModelConfig config, string gguf)
    {
        string block = $"blk.{config.Layers}.";
        if (!gguf.StartsWith(block, StringComparison.Ordinal))
            return HuggingFaceFolder.NameOf(gguf);

        return gguf[block.Length..] switch
        {
            "nextn.eh_proj.weight" => "mtp.fc.weight",
            "nextn.enorm.weight" => "mtp.pre_fc_norm_embedding.weight",
            "nextn.hnorm.weight" => "mtp.pre_fc_norm_hidden.weight",
            "nextn.shared_head_norm.weight" => "mtp.norm.weight",
            _ => HuggingFaceFolder.NameOf(gguf).Replace($"model.layers.{config.Layers}.", "mtp.layers.0.", StringComparison.Ordinal),
        };
    }
}
