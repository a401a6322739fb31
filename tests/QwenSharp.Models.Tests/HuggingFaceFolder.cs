using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;

namespace QwenSharp.Tests;

/// <summary>Writes models as Hugging Face's transformers saves them.</summary>
internal static partial class HuggingFaceFolder
{
    private static readonly Dictionary<string, string> Modules = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary>The module of transformers that a GGUF tensor belongs to, with its parameter.</summary>
    public static string NameOf(string gguf) => Name().Match(gguf) is { Success: true } match
        ? (match.Groups["layer"].Success ? $"model.layers.{match.Groups["layer"].Value}." : "") + $"{Modules[match.Groups["module"].Value]}.{match.Groups["parameter"].Value}"
        : throw new ArgumentException($"'{gguf}' is not a name of the families under test.", nameof(gguf));

    /// <summary>The <c>config.json</c> of a dense model.</summary>
    public static JsonObject Config(ModelConfig config) => new()
    {
        ["architectures"] = new JsonArray(config.Architecture == "qwen2" ? "Qwen2ForCausalLM" : "Qwen3ForCausalLM"),
        ["model_type"] = config.Architecture,
        ["hidden_act"] = "silu",
        ["hidden_size"] = config.Width,
        ["intermediate_size"] = config.FeedForwardWidth,
        ["max_position_embeddings"] = config.ContextLength,
        ["num_attention_heads"] = config.Heads,
        ["num_hidden_layers"] = config.Layers,
        ["num_key_value_heads"] = config.KvHeads,
        ["head_dim"] = config.HeadLength,
        ["rms_norm_eps"] = config.RmsEpsilon,
        ["rope_theta"] = config.RopeTheta,
        ["rope_scaling"] = config.RopeScaling switch
        {
            null => null,
            YarnRopeScaling yarn => new JsonObject
            {
                ["rope_type"] = "yarn",
                ["factor"] = yarn.Factor,
                ["original_max_position_embeddings"] = yarn.OriginalContextLength,
                ["attention_factor"] = (0.1 * Math.Log(yarn.Factor) + 1) * yarn.AttentionFactor,
                ["beta_fast"] = yarn.BetaFast,
                ["beta_slow"] = yarn.BetaSlow,
            },
            { } linear => new JsonObject { ["type"] = "linear", ["factor"] = linear.Factor },
        },
        ["sliding_window"] = null,
        ["use_sliding_window"] = false,
        ["tie_word_embeddings"] = config.HasTiedHead,
        ["torch_dtype"] = "bfloat16",
        ["use_cache"] = true,
        ["vocab_size"] = config.VocabularySize,
    };

    /// <summary>Writes a dense model whose matrices are F32.</summary>
    /// <param name="folder">Where to; it must exist.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="tensors">Its tensors under their GGUF names.</param>
    /// <param name="type">How every tensor is stored: F32, F16 or BF16.</param>
    /// <param name="maxShardBytes">Where to cut the weights into files; 0 for one file.</param>
    /// <param name="edit">Changes the configuration.</param>
    public static void Write(
        string folder, ModelConfig config, IEnumerable<Tensor> tensors, SafetensorsType type = SafetensorsType.F32, long maxShardBytes = 0, Action<JsonObject>? edit = null)
    {
        SafetensorsWriter writer = new SafetensorsWriter().AddMetadata("format", "pt");
        foreach (Tensor tensor in tensors)
            writer.Add(NameOf(tensor.Name), type, [.. tensor.Shape.ToArray().Reverse()], Encode(Floats(tensor), type));

        Save(folder, writer, maxShardBytes);
        WriteConfig(folder, config, edit);
    }

    /// <summary>Writes the weights of a folder.</summary>
    public static void Save(string folder, SafetensorsWriter writer, long maxShardBytes = 0)
    {
        if (maxShardBytes > 0)
            writer.SaveSharded(folder, maxShardBytes);
        else
            writer.Save(Path.Combine(folder, SafetensorsModel.FileName));
    }

    /// <summary>Writes the configuration of a folder.</summary>
    public static void WriteConfig(string folder, ModelConfig config, Action<JsonObject>? edit = null)
    {
        JsonObject json = Config(config);
        edit?.Invoke(json);
        File.WriteAllText(Path.Combine(folder, HuggingFaceCheckpoint.ConfigName), json.ToJsonString());
    }

    /// <summary>The elements of a tensor, dequantised.</summary>
    public static float[] Floats(Tensor tensor)
    {
        float[] values = new float[tensor.ElementCount];
        Quantization.Dequantize(tensor.Type, tensor.Data, values);
        return values;
    }

    /// <summary>Floats as a safetensors type stores them.</summary>
    public static byte[] Encode(float[] values, SafetensorsType type)
    {
        byte[] data = new byte[values.Length * type.Bytes()];
        TensorType stored = type switch { SafetensorsType.F16 => TensorType.F16, SafetensorsType.BF16 => TensorType.BF16, _ => TensorType.F32 };
        Quantization.Quantize(stored, values, data);
        return data;
    }

    [GeneratedRegex(@"^(blk\.(?<layer>\d+)\.)?(?<module>\w+)\.(?<parameter>weight|bias)$")]
    private static partial Regex Name();
}
