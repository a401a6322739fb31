using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>FP8, GPTQ and AWQ folders against the same numbers in F32.</summary>
public sealed class HuggingFaceQuantizedTests : IDisposable
{
    private static readonly ModelConfig Config = TinyModels.Config("qwen3", heads: 4, kvHeads: 2, headLength: 32) with
    {
        Width = 128,
        FeedForwardWidth = 160,
    };

    // AWQ's order of eight outputs in a word, from the lowest bits up.
    private static readonly int[] AwqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    private readonly string _folder = Directory.CreateTempSubdirectory("qwensharp-models-").FullName;
    private readonly Random _random = new(7);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(SafetensorsType.F32, 128)]
    [InlineData(SafetensorsType.BF16, 128)]
    [InlineData(SafetensorsType.F32, 48)]
    public void Fp8_with_block_scales_is_decoded_to_F16(SafetensorsType scaleType, int block)
    {
        string[] notes = Check(
            new JsonObject
            {
                ["quant_method"] = "fp8",
                ["fmt"] = "e4m3",
                ["weight_block_size"] = new JsonArray(block, block),
                ["activation_scheme"] = "dynamic",
            },
            (writer, module, inputs, outputs) =>
            {
                byte[] codes = new byte[inputs * outputs];
                _random.NextBytes(codes);
                codes.AsSpan().Replace((byte)0x7F, (byte)1);
                codes.AsSpan().Replace((byte)0xFF, (byte)1);
                int across = (inputs + block - 1) / block, down = (outputs + block - 1) / block;
                float[] scales = Decoded(Numbers(across * down, () => (1 + _random.NextSingle()) / 2000 / MathF.Sqrt(inputs)), scaleType);
                writer.Add(module + ".weight", SafetensorsType.F8_E4M3, [outputs, inputs], codes);
                writer.Add(module + ".weight_scale_inv", scaleType, [down, across], HuggingFaceFolder.Encode(scales, scaleType));
                return
                [
                    .. codes.Select((code, i) => Float8Matrix.ToSingle(code) * scales[i / inputs / block * across + i % inputs / block]),
                ];
            },
            TensorType.F16, weightError: 1 / 2048f, logitError: 1e-3);
        Assert.Contains("FP8 as F16", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public void E4M3_has_its_published_values()
    {
        Assert.Equal(
            [0f, -0f, 1f, -1f, 448f, MathF.ScaleB(1, -9), MathF.ScaleB(1, -6), 1.125f],
            new byte[] { 0, 0x80, 0x38, 0xB8, 0x7E, 1, 8, 0x39 }.Select(Float8Matrix.ToSingle));
        Assert.True(float.IsNaN(Float8Matrix.ToSingle(0x7F)) && float.IsNaN(Float8Matrix.ToSingle(0xFF)));
    }

    [Theory]
    [InlineData("gptq", 4, 32, true, false, TensorType.Q4_0)]
    [InlineData("gptq", 4, 128, true, false, TensorType.Q4_0)]
    [InlineData("gptq", 4, -1, true, false, TensorType.Q4_0)]
    [InlineData("gptq", 4, 32, false, false, TensorType.Q5_0)]
    [InlineData("gptq_v2", 4, 64, false, false, TensorType.Q5_0)]
    [InlineData("gptq", 4, 32, false, true, TensorType.F16)]
    [InlineData("gptq", 4, 16, true, false, TensorType.F16)]
    [InlineData("gptq", 8, 32, true, false, TensorType.Q8_0)]
    [InlineData("gptq", 8, 32, false, false, TensorType.F16)]
    [InlineData("awq", 4, 32, false, false, TensorType.Q5_0)]
    [InlineData("awq", 4, 128, true, false, TensorType.Q4_0)]
    public void Integers_are_repacked_without_loss_where_a_type_holds_them(
        string format,
        int bits,
        int group,
        bool symmetric,
        bool reordered,
        TensorType type)
    {
        bool isAwq = format == "awq";
        JsonObject settings = new()
        {
            ["quant_method"] = isAwq ? "awq" : "gptq",
            ["bits"] = bits,
            ["group_size"] = group,
            ["desc_act"] = reordered,
            ["sym"] = symmetric,
            ["version"] = isAwq ? "gemm" : null,
            ["checkpoint_format"] = isAwq ? null : format,
        };
        string[] notes = Check(
            settings,
            (writer, module, inputs, outputs) =>
            {
                int size = group > 0 ? group : inputs,
                    groups = (inputs + size - 1) / size,
                    most = (1 << bits) - 1;
                int[] codes = Integers(inputs * outputs, 0, most),
                    zeros = symmetric ? [.. Enumerable.Repeat(1 << (bits - 1), groups * outputs)] : Integers(groups * outputs, 1, most);
                float[] scales = Decoded(
                    Numbers(groups * outputs, () => (1 + _random.NextSingle()) / most / MathF.Sqrt(inputs)),
                    SafetensorsType.F16);
                int[] groupOf = [.. Enumerable.Range(0, inputs).Select(i => i / size)];
                if (reordered)
                    _random.Shuffle(groupOf);

                int stored = isAwq || format == "gptq_v2" ? 0 : 1;
                writer.Add(
                    module + ".qweight",
                    SafetensorsType.I32,
                    isAwq ? [inputs, outputs / 8] : [inputs * bits / 32, outputs],
                    Bytes(
                        isAwq
                            ? Pack(inputs, outputs / 8, 4, (i, word, nibble) => codes[i * outputs + word * 8 + AwqOrder[nibble]])
                            : Pack(
                                inputs * bits / 32,
                                outputs,
                                bits,
                                (word, output, part) => codes[(word * (32 / bits) + part) * outputs + output])));
                writer.Add(
                    module + ".qzeros",
                    SafetensorsType.I32,
                    [groups, outputs * bits / 32],
                    Bytes(
                        Pack(
                            groups,
                            outputs * bits / 32,
                            bits,
                            (g, word, part) => zeros[g * outputs + word * (32 / bits) + (isAwq ? AwqOrder[part] : part)] - stored)));
                writer.Add(
                    module + ".scales",
                    SafetensorsType.F16,
                    [groups, outputs],
                    HuggingFaceFolder.Encode(scales, SafetensorsType.F16));
                if (!isAwq)
                    writer.Add(module + ".g_idx", SafetensorsType.I32, [inputs], Bytes(groupOf));

                float[] weights = new float[inputs * outputs];
                for (int output = 0; output < outputs; output++)
                {
                    for (int i = 0; i < inputs; i++)
                    {
                        weights[output * inputs + i] =
                        scales[groupOf[i] * outputs + output] * (codes[i * outputs + output] - zeros[groupOf[i] * outputs + output]);
                    }
                }

                return weights;
            }, type, weightError: type == TensorType.F16 ? 1 / 2048f : 0, logitError: type == TensorType.F16 ? 1e-3 : 0.05);
        Assert.Contains($"{(isAwq ? "AWQ" : "GPTQ")} as {type}", Assert.Single(notes), StringComparison.Ordinal);
    }

    /// <summary>
    /// The zero point of symmetric GPTQ is in the middle, whether a program stored it as it is, less 1, or as something else.
    /// </summary>
    [Theory]
    [InlineData(4, "gptq", true, 7, false)]
    [InlineData(4, "gptq", true, 8, true)]
    [InlineData(4, "gptq", null, 8, true)]
    [InlineData(4, "gptq", true, 0, true)]
    [InlineData(4, "gptq_v2", true, 8, false)]
    [InlineData(4, "gptq_v2", true, 7, true)]
    [InlineData(8, "gptq", true, 127, false)]
    [InlineData(8, "gptq", true, 128, true)]
    public void A_symmetric_zero_point_is_in_the_middle_whatever_is_stored(int bits, string form, bool? sym, int stored, bool isRepaired)
    {
        WriteGptq(bits, form, sym, _ => stored);
        int middle = 1 << (bits - 1);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        float[] weights = HuggingFaceFolder.Floats(folder.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight"));

        Assert.All(weights.Index(), entry => Assert.Equal(0.5f * (Code(entry.Index / 128, entry.Index % 128, bits) - middle), entry.Item));
        Assert.Equal(isRepaired, folder.Repairs.Count == 1);
        Assert.All(folder.Repairs, repair => Assert.Contains($"the middle, {middle}", repair, StringComparison.Ordinal));
    }

    [Fact]
    public void Zero_points_that_differ_are_measured_or_refused_where_symmetry_is_said()
    {
        WriteGptq(4, "gptq", sym: true, column => column % 3 + 5);
        string refusal = Assert.Throws<SafetensorsException>(() => HuggingFaceCheckpoint.Open(_folder)).Message;
        Assert.Contains("\"sym\": true", refusal, StringComparison.Ordinal);

        WriteGptq(4, "gptq", sym: false, _ => 8);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        Assert.Empty(folder.Repairs);
        Assert.Equal(
            0.5f * (Code(0, 0, 4) - 9),
            HuggingFaceFolder.Floats(folder.Tensors.Single(tensor => tensor.Name == "blk.0.attn_q.weight"))[0]);
    }

    [Theory]
    [InlineData(
        """{"quant_method":"bitsandbytes"}""",
        "'quantization_config.quant_method' is \"bitsandbytes\"; this build reads fp8, gptq and awq")]
    [InlineData("""{"quant_method":"gptq","bits":3,"group_size":32}""", "'quantization_config.bits' is 3; this build reads 4 and 8")]
    [InlineData("""{"quant_method":"awq","bits":4,"group_size":32,"version":"gemv"}""", "'quantization_config.version' is \"gemv\"")]
    [InlineData(
        """{"quant_method":"gptq","bits":4,"group_size":32,"checkpoint_format":"marlin"}""",
        "'quantization_config.checkpoint_format' is \"marlin\"")]
    [InlineData("""{"quant_method":"fp8","fmt":"e5m2"}""", "'quantization_config.fmt' is \"e5m2\"")]
    [InlineData("""{"group_size":64,"bits":4}""", "'quantization_config.quant_method' is missing, as in the form of MLX")]
    [InlineData("""{"quant_method":"fp8"}""", "'quantization_config.weight_block_size' is missing")]
    [InlineData("""{"quant_method":"gptq","bits":4}""", "'quantization_config.q_group_size' is missing")]
    [InlineData("""{"quant_method":"gptq","bits":4,"group_size":64}""", "should have the shape [2, 16]")]
    [InlineData("""{"quant_method":"gptq","bits":8,"group_size":32}""", "should have the shape")]
    [InlineData("null", "config.json does not say how")]
    public void Settings_that_do_not_fit_are_refused_by_name(string settings, string reason)
    {
        SafetensorsWriter writer = new SafetensorsWriter()
            .Add("model.layers.0.self_attn.q_proj.qweight", SafetensorsType.I32, [16, 128], new byte[16 * 128 * 4])
            .Add("model.layers.0.self_attn.q_proj.qzeros", SafetensorsType.I32, [4, 16], new byte[4 * 16 * 4])
            .Add("model.layers.0.self_attn.q_proj.scales", SafetensorsType.F16, [4, 128], new byte[4 * 128 * 2]);
        HuggingFaceFolder.Save(_folder, writer);
        HuggingFaceFolder.WriteConfig(_folder, Config, json => json["quantization_config"] = JsonNode.Parse(settings));
        Assert.Contains(reason, Assert.ThrowsAny<Exception>(() => HuggingFaceCheckpoint.Open(_folder)).Message, StringComparison.Ordinal);
    }

    /// <summary>Programs for GPTQ write a bias beside every matrix.</summary>
    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "The model has no place for model.layers.0.self_attn.o_proj.bias")]
    public void A_bias_of_zeros_that_the_model_does_not_have_is_left_out(byte value, string? refusal)
    {
        Integers_are_repacked_without_loss_where_a_type_holds_them("gptq", 4, 32, true, false, TensorType.Q4_0);
        string path = Path.Combine(_folder, SafetensorsModel.FileName);
        SafetensorsWriter writer = new();
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (SafetensorsTensor tensor in file.Tensors)
                writer.Add(tensor.Name, tensor.Type, tensor.Shape.ToArray(), tensor.Bytes(0, (int)tensor.ByteLength).ToArray());
        }

        byte[] bias = new byte[128 * 2];
        bias[5] = value;
        writer
            .Add("model.layers.0.self_attn.o_proj.bias", SafetensorsType.F16, [128], bias)
            .Add("model.layers.0.self_attn.q_proj.bias", SafetensorsType.F16, [128], new byte[128 * 2])
            .Save(path);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        if (refusal is null)
            LanguageModel.Load(folder);
        else
            Assert.Contains(refusal, Assert.Throws<ModelLoadException>(() => LanguageModel.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quantised_matrix_needs_all_its_parts()
    {
        JsonObject settings = new() { ["quant_method"] = "gptq", ["bits"] = 4, ["group_size"] = 32 };
        HuggingFaceFolder.WriteConfig(_folder, Config, json => json["quantization_config"] = settings);
        HuggingFaceFolder.Save(
            _folder,
            new SafetensorsWriter().Add("model.layers.0.self_attn.q_proj.qweight", SafetensorsType.I32, [16, 128], new byte[16 * 128 * 4]));
        Assert.Contains(
            "q_proj.qzeros' is missing",
            Assert.Throws<ModelLoadException>(() => HuggingFaceCheckpoint.Open(_folder)).Message,
            StringComparison.Ordinal);
        HuggingFaceFolder.Save(
            _folder,
            new SafetensorsWriter().Add("model.layers.0.self_attn.q_proj.weight", SafetensorsType.F8_E4M3, [128, 128], new byte[128 * 128])
        );
        Assert.Contains(
            "weight_scale_inv' is missing",
            Assert.Throws<ModelLoadException>(() => HuggingFaceCheckpoint.Open(_folder)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_only_looked_at_decodes_nothing_until_it_is_read()
    {
        Fp8_with_block_scales_is_decoded_to_F16(SafetensorsType.F32, 128);
        using HuggingFaceCheckpoint decoded = HuggingFaceCheckpoint.Open(_folder),
            described = HuggingFaceCheckpoint.Open(_folder, decode: false);
        Assert.Equal(decoded.DecodedBytes, described.DecodedBytes);
        foreach ((Tensor whole, Tensor later) in decoded.Tensors.Zip(described.Tensors))
        {
            Assert.Equal(whole.ToString(), later.ToString());
            Assert.Equal(whole.Data, described.Read(later).Data);
        }
    }

    /// <summary>
    /// Writes a folder whose projections a test quantises, and compares it with the F32 that the test says they stand for.
    /// </summary>
    private string[] Check(
        JsonObject settings,
        Func<SafetensorsWriter, string, int, int, float[]> quantize,
        TensorType type,
        float weightError,
        double logitError)
    {
        SafetensorsWriter writer = new();
        List<Tensor> plain = [];
        foreach (Tensor tensor in RandomWeights.Create(Config, TinyModels.F32))
        {
            string name = HuggingFaceFolder.NameOf(tensor.Name);
            if (tensor.Shape.Length == 1 || !tensor.Name.StartsWith("blk.", StringComparison.Ordinal))
            {
                writer.Add(name, SafetensorsType.F32, [.. tensor.Shape.ToArray().Reverse()], tensor.Data.ToArray());
                plain.Add(tensor);
                continue;
            }

            float[] weights = quantize(writer, name[..^".weight".Length], (int)tensor.Shape[0], (int)tensor.Shape[1]);
            plain.Add(Tensor.Copy(tensor.Name, TensorType.F32, tensor.Shape, MemoryMarshal.AsBytes<float>(weights)));
        }

        HuggingFaceFolder.Save(_folder, writer);
        HuggingFaceFolder.WriteConfig(_folder, Config, json => json["quantization_config"] = settings.DeepClone());
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        foreach (
            Tensor expected in plain.Where(tensor => tensor.Shape.Length == 2 && tensor.Name.StartsWith("blk.", StringComparison.Ordinal)))
        {
            Tensor actual = folder.Tensors.Single(tensor => tensor.Name == expected.Name);
            Assert.Equal(type, actual.Type);
            float[] wanted = HuggingFaceFolder.Floats(expected),
                got = HuggingFaceFolder.Floats(actual);
            Assert.All(
                wanted.Zip(got),
                pair =>
                    Assert.InRange(
                        pair.Second,
                        pair.First - weightError * Math.Abs(pair.First) - (weightError > 0 ? 3e-8f : 0),
                        pair.First + weightError * Math.Abs(pair.First) + (weightError > 0 ? 3e-8f : 0)));
        }

        using Run quantized = new(LanguageModel.Load(folder), 8, 1), whole = new(new LanguageModel(Config, plain), 8, 1);
        double[] reference = [.. whole.Append(0, [1, 2, 3, 4])[3].Select(logit => (double)logit)];
        Assert.InRange(TinyModels.RelativeError(quantized.Append(0, [1, 2, 3, 4])[3], reference), 0, logitError);
        return [.. folder.Notes];
    }

    private static int Code(int output, int input, int bits) => (output * 7 + input * 3) % (1 << bits);

    /// <summary>A folder of one matrix, of 128 by 128 and scales of 0.5, beside an embedding table that stands in for the head.</summary>
    private void WriteGptq(int bits, string form, bool? sym, Func<int, int> stored)
    {
        const int size = 128, groups = size / 32;
        int perWord = 32 / bits;
        string module = HuggingFaceFolder.NameOf("blk.0.attn_q.weight")[..^".weight".Length];
        SafetensorsWriter writer = new SafetensorsWriter()
            .Add(
                module + ".qweight",
                SafetensorsType.I32,
                [size / perWord, size],
                Bytes(Pack(size / perWord, size, bits, (word, output, part) => Code(output, word * perWord + part, bits))))
            .Add(
                module + ".qzeros",
                SafetensorsType.I32,
                [groups, size / perWord],
                Bytes(Pack(groups, size / perWord, bits, (_, word, part) => stored(word * perWord + part))))
            .Add(
                module + ".scales",
                SafetensorsType.F16,
                [groups, size],
                HuggingFaceFolder.Encode([.. Enumerable.Repeat(0.5f, groups * size)], SafetensorsType.F16))
            .Add("model.embed_tokens.weight", SafetensorsType.F32, [97, size], new byte[97 * size * sizeof(float)]);
        HuggingFaceFolder.Save(_folder, writer);
        JsonObject settings = new()
        {
            ["quant_method"] = "gptq",
            ["bits"] = bits,
            ["group_size"] = 32,
            ["checkpoint_format"] = form,
        };
        if (sym is not null)
            settings["sym"] = sym;

        HuggingFaceFolder.WriteConfig(
            _folder,
            Config with { HasTiedHead = true },
            json => json["quantization_config"] = settings);
    }

    private float[] Numbers(int count, Func<float> next) => [.. Enumerable.Range(0, count).Select(_ => next())];

    private int[] Integers(int count, int least, int most) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(least, most + 1))];

    /// <summary>Numbers as they are after they were stored.</summary>
    private static float[] Decoded(float[] values, SafetensorsType type)
    {
        float[] decoded = new float[values.Length];
        Quantization.Dequantize(
            type switch
            {
                SafetensorsType.F16 => TensorType.F16,
                SafetensorsType.BF16 => TensorType.BF16,
                _ => TensorType.F32,
            },
            HuggingFaceFolder.Encode(values, type),
            decoded);
        return decoded;
    }

    private static int[] Pack(int rows, int words, int bits, Func<int, int, int, int> code)
    {
        int[] packed = new int[rows * words];
        for (int row = 0; row < rows; row++)
        {
            for (int word = 0; word < words; word++)
            {
                for (int part = 0; part < 32 / bits; part++)
                    packed[row * words + word] |= (code(row, word, part) & (1 << bits) - 1) << (part * bits);
            }
        }

        return packed;
    }

    private static byte[] Bytes(int[] values) => MemoryMarshal.AsBytes<int>(values).ToArray();
}
