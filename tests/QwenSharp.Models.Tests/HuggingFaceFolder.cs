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
        ["post_attention_norm"] = "post_attention_layernorm",
        ["attn_qkv"] = "linear_attn.in_proj_qkv",
        ["attn_gate"] = "linear_attn.in_proj_z",
        ["ssm_alpha"] = "linear_attn.in_proj_a",
        ["ssm_beta"] = "linear_attn.in_proj_b",
        ["ssm_in"] = "linear_attn.in_proj_qkvz",
        ["ssm_ba"] = "linear_attn.in_proj_ba",
        ["ssm_conv1d"] = "linear_attn.conv1d",
        ["ssm_norm"] = "linear_attn.norm",
        ["ssm_out"] = "linear_attn.out_proj",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
        ["ffn_gate_inp"] = "mlp.gate",
        ["ffn_gate_inp_shexp"] = "mlp.shared_expert_gate",
        ["ffn_gate_shexp"] = "mlp.shared_expert.gate_proj",
        ["ffn_up_shexp"] = "mlp.shared_expert.up_proj",
        ["ffn_down_shexp"] = "mlp.shared_expert.down_proj",
    };

    private static readonly Dictionary<string, string> FirstModules = new()
    {
        ["token_embd"] = "transformer.wte",
        ["output_norm"] = "transformer.ln_f",
        ["output"] = "lm_head",
        ["attn_norm"] = "ln_1",
        ["attn_qkv"] = "attn.c_attn",
        ["attn_output"] = "attn.c_proj",
        ["ffn_norm"] = "ln_2",
        ["ffn_gate"] = "mlp.w2",
        ["ffn_up"] = "mlp.w1",
        ["ffn_down"] = "mlp.c_proj",
    };

    private static readonly Dictionary<string, string> Classes = new()
    {
        ["qwen"] = "QWenLMHeadModel",
        ["qwen2"] = "Qwen2ForCausalLM",
        ["qwen2moe"] = "Qwen2MoeForCausalLM",
        ["qwen2vl"] = "Qwen2VLForConditionalGeneration",
        ["qwen3"] = "Qwen3ForCausalLM",
        ["qwen3moe"] = "Qwen3MoeForCausalLM",
        ["qwen35"] = "Qwen3_5ForConditionalGeneration",
        ["qwen35moe"] = "Qwen3_5MoeForCausalLM",
        ["qwen3next"] = "Qwen3NextForCausalLM",
        ["qwen3vlmoe"] = "Qwen3VLMoeForConditionalGeneration",
        ["qwen3vl"] = "Qwen3VLForConditionalGeneration",
    };

    /// <summary>The module of transformers that a GGUF tensor belongs to, with its parameter.</summary>
    public static string NameOf(string gguf) => NameOf(gguf, "model.layers.", Modules);

    private static string NameOf(string gguf, string layers, Dictionary<string, string> modules) =>
        Name().Match(gguf) is { Success: true } match
            ? (match.Groups["layer"].Success ? $"{layers}{match.Groups["layer"].Value}." : "")
                + $"{modules[match.Groups["module"].Value]}.{match.Groups["parameter"].Value}"
            : throw new ArgumentException($"'{gguf}' is not a name of the families under test.", nameof(gguf));

    private static string ExpertName(string stack, int expert)
    {
        string name = NameOf(stack.Replace("_exps", "", StringComparison.Ordinal));
        return name.Replace("mlp.", $"mlp.experts.{expert}.", StringComparison.Ordinal);
    }

    /// <summary>The <c>config.json</c> of a model.</summary>
    public static JsonObject Config(ModelConfig config)
    {
        if (config.Architecture == "qwen")
            return First(config);

        JsonObject json = Dense(config);
        if (config.Experts is { } experts)
        {
            json["num_experts"] = experts.Count;
            json["num_experts_per_tok"] = experts.Used;
            json["moe_intermediate_size"] = experts.Width;
            json["norm_topk_prob"] = experts.NormalizesWeights;
            if (experts.SharedWidth > 0)
                json["shared_expert_intermediate_size"] = experts.SharedWidth;
        }

        if (config.Recurrent is { } recurrent)
            HuggingFaceHybrid.Describe(config, recurrent, json);
        if (config.RotarySections is { } sections)
        {
            json["rope_scaling"] = new JsonObject
            {
                ["type"] = "mrope",
                ["mrope_section"] = new JsonArray(sections.Time, sections.Height, sections.Width),
                ["mrope_interleaved"] = sections.IsInterleaved,
            };
        }

        return json;
    }

    /// <summary>As the first generation's own code has it, which counts both halves of a feed-forward network.</summary>
    private static JsonObject First(ModelConfig config) => new()
    {
        ["architectures"] = new JsonArray(Classes[config.Architecture]),
        ["auto_map"] = new JsonObject { ["AutoConfig"] = "configuration_qwen.QWenConfig" },
        ["attn_dropout_prob"] = 0.0,
        ["bf16"] = true,
        ["emb_dropout_prob"] = 0.0,
        ["hidden_size"] = config.Width,
        ["intermediate_size"] = 2 * config.FeedForwardWidth,
        ["kv_channels"] = config.HeadLength,
        ["layer_norm_epsilon"] = config.RmsEpsilon,
        ["max_position_embeddings"] = config.ContextLength,
        ["model_type"] = "qwen",
        ["no_bias"] = true,
        ["num_attention_heads"] = config.Heads,
        ["num_hidden_layers"] = config.Layers,
        ["rotary_emb_base"] = config.RopeTheta,
        ["rotary_pct"] = 1.0,
        ["scale_attn_weights"] = true,
        ["seq_length"] = config.ContextLength,
        ["tie_word_embeddings"] = config.HasTiedHead,
        ["tokenizer_class"] = "QWenTokenizer",
        ["use_dynamic_ntk"] = true,
        ["use_logn_attn"] = true,
        ["vocab_size"] = config.VocabularySize,
    };

    private static JsonObject Dense(ModelConfig config) => new()
    {
        ["architectures"] = new JsonArray(Classes[config.Architecture]),
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
                ["truncate"] = yarn.Truncates,
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

    /// <summary>Writes a model whose matrices are F32; experts one by one, as transformers has them.</summary>
    /// <param name="folder">Where to; it must exist.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="tensors">Its tensors under their GGUF names.</param>
    /// <param name="type">How every tensor is stored: F32, F16 or BF16.</param>
    /// <param name="maxShardBytes">Where to cut the weights into files; 0 for one file.</param>
    /// <param name="edit">Changes the configuration.</param>
    public static void Write(
        string folder,
        ModelConfig config,
        IEnumerable<Tensor> tensors,
        SafetensorsType type = SafetensorsType.F32,
        long maxShardBytes = 0,
        Action<JsonObject>? edit = null,
        bool? transposedExperts = null)
    {
        SafetensorsWriter writer = new SafetensorsWriter().AddMetadata("format", "pt");
        if (config.Recurrent is not null)
            tensors = HuggingFaceHybrid.Take(config, tensors, writer, type);
        if (config.Architecture is "qwen35moe" or "qwen3vlmoe")
        {
            tensors = HuggingFaceHybrid.TakeExperts(
                tensors,
                writer,
                type,
                config.Layers,
                transposedExperts ?? config.Architecture == "qwen3vlmoe");
        }

        foreach (Tensor tensor in tensors)
        {
            if (tensor.Shape.Length == 3)
            {
                for (int expert = 0; expert < tensor.Shape[2]; expert++)
                {
                    writer.Add(
                        ExpertName(tensor.Name, expert),
                        type,
                        [tensor.Shape[1], tensor.Shape[0]],
                        Encode(Floats(tensor.Slice(expert * tensor.Shape[0] * tensor.Shape[1], tensor.Shape[..2])), type));
                }
            }
            else
            {
                // A gate of one output is a matrix of one row there.
                long[] shape = [.. tensor.Shape.ToArray().Reverse()];
                string name = config.Architecture == "qwen" ? NameOf(tensor.Name, "transformer.h.", FirstModules) : NameOf(tensor.Name);
                writer.Add(
                    name,
                    type,
                    tensor.Name.Contains("ffn_gate_inp_shexp", StringComparison.Ordinal) ? [1, .. shape] : shape,
                    Encode(Floats(tensor), type));
            }
        }

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
        TensorType stored = type switch
        {
            SafetensorsType.F16 => TensorType.F16,
            SafetensorsType.BF16 => TensorType.BF16,
            _ => TensorType.F32,
        };
        Quantization.Quantize(stored, values, data);
        return data;
    }

    [GeneratedRegex(@"^(blk\.(?<layer>\d+)\.)?(?<module>\w+)\.(?<parameter>weight|bias)$")]
    private static partial Regex Name();
}
