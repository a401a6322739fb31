using System.Text.Json.Nodes;
using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Hugging Face folders: the same model as its GGUF, and one clear error for each fault.</summary>
public sealed class HuggingFaceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("qwensharp-models-").FullName;

    public static TheoryData<string> Names() =>
        [
            .. TinyModels
                .Configs.Where(entry =>
                    entry.Value.Architecture
                        is "qwen"
                            or "qwen2"
                            or "qwen2moe"
                            or "qwen2vl"
                            or "qwen3"
                            or "qwen3moe"
                            or "qwen3vlmoe"
                            or "qwen3next"
                            or "qwen35"
                            or "qwen35moe"
                    && entry.Value is { RopeScaling: not DynamicRopeScaling } config
                    && (config.Recurrent is not null || config.RotaryLength == config.HeadLength)
                    && (config.Experts?.WeightScale ?? 1) == 1)
                .Select(entry => entry.Key),
        ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_folder_gives_the_configuration_and_the_logits_that_it_was_made_of(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 8);
        HuggingFaceFolder.Write(_folder, config, tensors);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        LanguageModel model = LanguageModel.Load(folder);

        Assert.Equal(
            config with
            {
                ContextLength = model.Config.ContextLength,
                RopeScaling = null,
            },
            model.Config with
            {
                RopeScaling = null,
            });
        Assert.Equal(config.RopeScaling?.Factor, model.Config.RopeScaling?.Factor);
        Assert.Equal(config.RopeScaling?.Magnitude ?? 1, model.Config.RopeScaling?.Magnitude ?? 1, 1e-6f);
        using Run loaded = new(model, 8, 1), made = new(new LanguageModel(config, tensors), 8, 1);

        // YaRN's factor, and the logarithm under which a decay is stored, are rounded on their way.
        if (config.RopeScaling is YarnRopeScaling || config.Recurrent is not null)
        {
            Assert.InRange(
                TinyModels.RelativeError(
                    loaded.Append(0, [1, 2, 96])[2],
                    [.. made.Append(0, [1, 2, 96])[2].Select(logit => (double)logit)]),
                0,
                1e-5);
        }
        else
        {
            Assert.Equal(made.Append(0, [1, 2, 96]), loaded.Append(0, [1, 2, 96]));
        }
    }

    [Theory]
    [InlineData(SafetensorsType.BF16, TensorType.BF16)]
    [InlineData(SafetensorsType.F16, TensorType.F16)]
    public void Half_precision_stays_where_it_lies(SafetensorsType stored, TensorType type)
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32), stored, maxShardBytes: 20_000);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);

        Assert.InRange(folder.Files.Count, 2, 100);
        Assert.All(folder.Tensors, tensor => Assert.Equal(tensor.Shape.Length == 1 ? TensorType.F32 : type, tensor.Type));
        Assert.Equal(folder.Tensors.Where(tensor => tensor.Shape.Length == 1).Sum(tensor => tensor.ByteLength), folder.DecodedBytes);
        Assert.Empty(folder.Notes);

        // The same values in F32: the bits of the products differ only by the kernel.
        Tensor[] wide =
        [
            .. folder.Tensors.Select(tensor =>
                Tensor.Copy(
                    tensor.Name,
                    TensorType.F32,
                    tensor.Shape,
                    HuggingFaceFolder.Encode(HuggingFaceFolder.Floats(tensor), SafetensorsType.F32))),
        ];
        using Run half = new(LanguageModel.Load(folder), 4, 1),
            whole = new(new LanguageModel(config, wide), 4, 1);
        Assert.InRange(
            TinyModels.RelativeError(half.Append(0, [3, 4])[1], [.. whole.Append(0, [3, 4])[1].Select(logit => (double)logit)]),
            0,
            1e-5);
    }

    [Fact]
    public void Tensors_off_their_alignment_are_copied_and_said_to_be()
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 5);
        SafetensorsWriter writer = new SafetensorsWriter().Add("visual.one", SafetensorsType.U8, [1], new byte[1]);
        foreach (Tensor tensor in tensors)
        {
            writer.Add(
                HuggingFaceFolder.NameOf(tensor.Name),
                SafetensorsType.F32,
                [.. tensor.Shape.ToArray().Reverse()],
                tensor.Data.ToArray());
        }

        HuggingFaceFolder.Save(_folder, writer);
        HuggingFaceFolder.WriteConfig(_folder, config);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);

        Assert.Equal(
            [
                "1 tensors of an encoder for images or sound are left out: the text part runs alone.",
                $"{tensors.Count} tensors do not lie at a multiple of their element's size and are copied.",
            ],
            folder.Notes);
        using Run loaded = new(LanguageModel.Load(folder), 8, 1),
            made = new(new LanguageModel(config, tensors), 8, 1);
        Assert.Equal(made.Append(0, [7, 8, 9]), loaded.Append(0, [7, 8, 9]));
    }

    [Fact]
    public void A_tied_head_that_is_stored_all_the_same_is_left_out()
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32),
            edit: json => json["tie_word_embeddings"] = true);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        Assert.True(LanguageModel.Load(folder).Config.HasTiedHead);
        Assert.Contains("lm_head", Assert.Single(folder.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.language_model.", "Qwen3ForCausalLM")]
    [InlineData("language_model.", "Qwen3Model")]
    [InlineData("", "Qwen3Model")]
    public void The_language_model_may_sit_under_other_modules(string prefix, string type)
    {
        ModelConfig config = TinyModels.Configs["qwen3, heads wider than the model, tied"];
        SafetensorsWriter writer = new();
        foreach (Tensor tensor in RandomWeights.Create(config, TinyModels.F32))
        {
            writer.Add(
                prefix + HuggingFaceFolder.NameOf(tensor.Name)["model.".Length..],
                SafetensorsType.F32,
                [.. tensor.Shape.ToArray().Reverse()],
                tensor.Data.ToArray());
        }

        HuggingFaceFolder.Save(_folder, writer);
        HuggingFaceFolder.WriteConfig(_folder, config, json => json["architectures"] = new JsonArray(type));
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        Assert.Equal(config, LanguageModel.Load(folder).Config);
    }

    [Theory]
    [InlineData(
        "architectures",
        "[\"LlamaForCausalLM\"]",
        "LlamaForCausalLM is not supported; this build runs QWenLMHeadModel, Qwen2ForCausalLM")]
    [InlineData("architectures", "null", "'architectures' is missing")]
    [InlineData("hidden_size", "null", "'hidden_size' is missing")]
    [InlineData("hidden_size", "\"64\"", "'hidden_size' is \"64\", not a whole number")]
    [InlineData("hidden_size", "64.5", "'hidden_size' is 64.5, not a whole number")]
    [InlineData("hidden_size", "-1", "'hidden_size' is -1; it must be at least 1")]
    [InlineData("num_hidden_layers", "4000000000", "not a whole number")]
    [InlineData("num_hidden_layers", "3", "Tensor layers.2.input_layernorm.weight in ")]
    [InlineData("num_hidden_layers", "1", "no place for model.layers.1.")]
    [InlineData("num_key_value_heads", "3", "4 query heads cannot share 3 KV heads")]
    [InlineData("num_attention_heads", "8", "weight of shape [64, 64]; config.json asks for [128, 64]")]
    [InlineData("intermediate_size", "95", "mlp.gate_proj.weight F32 [96, 64] in ")]
    [InlineData("head_dim", "15", "an even number of them can")]
    [InlineData("hidden_act", "\"gelu\"", "only silu is supported")]
    [InlineData("layer_types", "[\"full_attention\",\"sliding_attention\"]", "'sliding_attention' is not supported")]
    [InlineData("rope_scaling", "{\"rope_type\":\"longrope\"}", "the scaling 'longrope' is not supported")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\"}", "'rope_scaling.factor' is missing")]
    [InlineData("rope_scaling", "{\"rope_type\":\"yarn\",\"factor\":0.5}", "'rope_scaling.factor' is 0.5")]
    [InlineData("rope_scaling", "{\"rope_type\":\"linear\",\"factor\":2,\"more\":1}", "'rope_scaling.more' is no setting")]
    [InlineData("rope_theta", "\"big\"", "'rope_theta' is \"big\", not a number")]
    [InlineData("rms_norm_eps", "-1", "cannot be negative")]
    [InlineData("tie_word_embeddings", "1", "'tie_word_embeddings' is 1, not true or false")]
    public void A_configuration_that_cannot_be_is_refused_by_its_key(string key, string value, string reason)
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32),
            edit: json => json[key] = JsonNode.Parse(value));
        Assert.Contains(reason, Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Dynamic_scaling_of_a_folder_is_that_of_its_config()
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 2);
        HuggingFaceFolder.Write(
            _folder,
            config,
            tensors,
            edit: json => json["rope_scaling"] = new JsonObject { ["type"] = "dynamic", ["factor"] = 3 });
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        LanguageModel model = LanguageModel.Load(folder);

        Assert.Equal(config with { RopeScaling = new DynamicRopeScaling(3), ContextLength = 3 * config.ContextLength }, model.Config);
        using Run loaded = new(model, 8, 1),
            made = new(new LanguageModel(model.Config, tensors), 8, 1),
            plain = new(new LanguageModel(config, tensors), 8, 1);
        float[] logits = loaded.Append(0, [1, 2, 96])[2];
        Assert.Equal(made.Append(0, [1, 2, 96])[2], logits);
        Assert.NotEqual(plain.Append(0, [1, 2, 96])[2], logits);
    }

    /// <summary>
    /// Its code scales positions and attention beyond the length that it was trained on; here the context ends there, and is said to.
    /// </summary>
    [Fact]
    public void A_folder_of_the_first_generation_ends_where_it_was_trained_to()
    {
        ModelConfig config = TinyModels.Configs["qwen"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32, seed: 8));
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            Assert.Empty(folder.Notes);
            Assert.Contains("transformer.h.1.attn.c_attn.weight", folder.OriginOf("blk.1.attn_qkv.weight"));
        }

        HuggingFaceFolder.WriteConfig(_folder, config, json => json["seq_length"] = config.ContextLength / 2);
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            Assert.Equal(config.ContextLength / 2, LanguageModel.Load(folder).Config.ContextLength);
            Assert.Contains("(use_dynamic_ntk, use_logn_attn) is not supported", Assert.Single(folder.Notes));
        }

        HuggingFaceFolder.WriteConfig(_folder, config, json => json["scale_attn_weights"] = false);
        Assert.Contains(
            "'scale_attn_weights' is false",
            Assert.Throws<ModelLoadException>(() => HuggingFaceCheckpoint.Open(_folder)).Message);

        HuggingFaceFolder.WriteConfig(_folder, config, json => json["rotary_pct"] = 0.5);
        Assert.Contains("'rotary_pct' is 0.5", Assert.Throws<ModelLoadException>(() => HuggingFaceCheckpoint.Open(_folder)).Message);

        HuggingFaceFolder.WriteConfig(_folder, config, json => json["num_hidden_layers"] = config.Layers + 1);
        using HuggingFaceCheckpoint lacking = HuggingFaceCheckpoint.Open(_folder);
        Assert.Contains(
            $"transformer.h.{config.Layers}.ln_1.weight",
            Assert.Throws<ModelLoadException>(() => LanguageModel.Load(lacking)).Message);
    }

    [Theory]
    [InlineData("""{"use_sliding_window":true,"sliding_window":32}""", "'use_sliding_window' is true")]
    [InlineData("""{"use_sliding_window":true,"sliding_window":32,"max_window_layers":1}""", "'use_sliding_window' is true")]
    [InlineData("""{"use_sliding_window":true,"sliding_window":32,"max_window_layers":2}""", null)]
    [InlineData("""{"use_sliding_window":true,"sliding_window":null}""", null)]
    [InlineData("""{"use_sliding_window":true,"sliding_window":32,"layer_types":["full_attention","full_attention"]}""", null)]
    [InlineData("""{"max_position_embeddings":512.0}""", null)]
    [InlineData(
        """{"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":128.0,"attn_factor":0.878,"finetuned":true}}""",
        null)]
    [InlineData("""{"rope_scaling":{"rope_type":"linear","factor":4.0,"attn_factor":0.878}}""", "'rope_scaling.attn_factor' is no setting")]
    [InlineData(
        """{"rope_scaling":{"rope_type":"yarn","factor":4.0},"rope_parameters":{"rope_type":"default","rope_theta":10000}}""",
        "keep one of them")]
    [InlineData(
        """{"rope_scaling":{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":-1}}""",
        "'rope_scaling.original_max_position_embeddings' is -1; it must be above 0")]
    [InlineData(
        """{"rope_scaling":{"rope_type":"dynamic","factor":4.0,"original_max_position_embeddings":0}}""",
        "'rope_scaling.original_max_position_embeddings' is 0; it must be above 0")]
    [InlineData(
        """{"rope_scaling":{"rope_type":"yarn","factor":4.0,"beta_slow":-1}}""",
        "'rope_scaling.beta_slow' is -1; it must be above 0")]
    [InlineData(
        """{"rope_scaling":{"rope_type":"yarn","factor":4.0,"attention_factor":0}}""",
        "'rope_scaling.attention_factor' is 0; it must be above 0")]
    [InlineData("""{"rope_parameters":{"rope_type":"default","partial_rotary_factor":0.5}}""", "heads of qwen3 turn as a whole")]
    [InlineData("""{"layer_types":["full_attention"]}""", "each of the 2 layers")]
    [InlineData("""{"layer_types":["linear_attention","full_attention"]}""", "each of the 2 layers")]
    [InlineData("""{"final_logit_softcapping":30.0}""", "'final_logit_softcapping' is 30.0")]
    [InlineData("""{"logit_scale":1.0,"final_logit_softcapping":null}""", null)]
    public void A_setting_counts_for_what_it_does(string settings, string? refusal)
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32), edit: json =>
        {
            foreach ((string key, JsonNode? value) in JsonNode.Parse(settings)!.AsObject())
                json[key] = value?.DeepClone();
        });
        if (refusal is not null)
        {
            Assert.Contains(refusal, Refusal(), StringComparison.Ordinal);
            return;
        }

        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        LanguageModel.Load(folder);
        Assert.Equal(
            settings.Contains("attn_factor", StringComparison.Ordinal),
            folder.Notes.Any(note => note.Contains("attn_factor", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("swish", true)]
    [InlineData("sigmoid", false)]
    public void The_gate_of_recurrent_layers_is_swish(string gate, bool runs)
    {
        ModelConfig config = TinyModels.Configs["qwen35"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32),
            edit: json => json["output_gate_type"] = gate);
        if (runs)
            HuggingFaceCheckpoint.Open(_folder).Dispose();
        else
            Assert.Contains("'output_gate_type' is \"sigmoid\"", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_outer_word_on_the_head_counts_and_known_settings_of_the_inner_part_are_not_reported()
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32), edit: json =>
        {
            JsonObject text = json.DeepClone().AsObject();
            (text["tie_word_embeddings"], text["bos_token_id"], text["eos_token_id"], text["invented_by_a_test"]) = (true, 3, 4, 7);
            (json["text_config"], json["tie_word_embeddings"]) = (text, false);
        });
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);

        Assert.False(LanguageModel.Load(folder).Config.HasTiedHead);
        Assert.EndsWith("nothing here: text_config.invented_by_a_test.", Assert.Single(folder.Notes), StringComparison.Ordinal);
        Assert.Equal(
            (3, 4),
            (folder.Metadata.GetInt32("tokenizer.ggml.bos_token_id"), folder.Metadata.GetInt32("tokenizer.ggml.eos_token_id")));
    }

    [Theory]
    [InlineData("qwen35moe, drafting", true)]
    [InlineData("qwen3vlmoe", false)]
    public void Stacks_of_experts_are_read_whichever_side_their_inputs_have(string name, bool transposed)
    {
        // Gate and up together have another length than the model, or nothing would tell the sides apart.
        ModelConfig config = TinyModels.Configs[name];
        config = config with { Experts = config.Experts! with { Width = 48 } };
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 4);
        HuggingFaceFolder.Write(_folder, config, tensors, transposedExperts: transposed);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        using Run loaded = new(LanguageModel.Load(folder), 8, 1), made = new(new LanguageModel(config, tensors), 8, 1);

        Assert.InRange(
            TinyModels.RelativeError(loaded.Append(0, [1, 2, 96])[2], [.. made.Append(0, [1, 2, 96])[2].Select(logit => (double)logit)]),
            0,
            1e-5);
    }

    [Theory]
    [InlineData("Qwen3Model", false)]
    [InlineData("Qwen3ForCausalLM", true)]
    public void A_model_that_embeds_texts_needs_no_head(string type, bool hasModules)
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32).Where(tensor => tensor.Name != "output.weight"),
            edit: json => json["architectures"] = new JsonArray(type));
        if (hasModules)
            Write("modules.json", "[]");

        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        LanguageModel.Load(folder);
        Assert.Contains("There is no lm_head.weight", Assert.Single(folder.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("added_tokens.json", """{"<|begin|>": 7, "<|end|>": 9}""")]
    [InlineData(
        "tokenizer.json",
        """{"added_tokens": [{"id": 7, "content": "<|begin|>", "special": true}, {"id": 9, "content": "<|end|>"}]}"""
    )]
    public void Tokens_are_found_by_their_spelling_wherever_it_is_listed(string file, string content)
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32),
            edit: json => (json["bos_token_id"], json["eos_token_id"]) = (9, 5));
        Write("tokenizer_config.json", """{"bos_token": {"content": "<|begin|>"}, "eos_token": "<|end|>", "pad_token": "<|nowhere|>"}""");
        Write(file, content);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);

        Assert.Equal(
            (7, 9),
            (folder.Metadata.GetInt32("tokenizer.ggml.bos_token_id"), folder.Metadata.GetInt32("tokenizer.ggml.eos_token_id")));
        Assert.False(folder.Metadata.Contains("tokenizer.ggml.padding_token_id"));
    }

    [Fact]
    public void A_setting_that_nobody_knows_is_reported()
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.Write(
            _folder,
            config,
            RandomWeights.Create(config, TinyModels.F32),
            edit: json => json["invented_by_a_test"] = 7);
        using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
        Assert.Contains("invented_by_a_test", Assert.Single(folder.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_or_strange_tensor_is_refused_by_its_name()
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32);
        HuggingFaceFolder.Write(_folder, config, tensors.Where(tensor => tensor.Name != "blk.1.ffn_up.weight"));
        Assert.Contains("layers.1.mlp.up_proj.weight in ", Refusal(), StringComparison.Ordinal);
        HuggingFaceFolder.Write(_folder, config, tensors.Where(tensor => tensor.Name != "output.weight"));
        Assert.Contains("lm_head.weight", Refusal(), StringComparison.Ordinal);

        void Refuses(string name, SafetensorsType type, string reason)
        {
            SafetensorsWriter writer = new();
            foreach (Tensor tensor in tensors)
            {
                writer.Add(
                    HuggingFaceFolder.NameOf(tensor.Name),
                    SafetensorsType.F32,
                    [.. tensor.Shape.ToArray().Reverse()],
                    tensor.Data.ToArray());
            }

            HuggingFaceFolder.Save(_folder, writer.Add(name, type, [1], new byte[type.Bytes()]));
            Assert.Contains(reason, Refusal(), StringComparison.Ordinal);
        }

        Refuses(
            "model.layers.0.self_attn.q_proj.lora_A",
            SafetensorsType.F32,
            $"lora_A F32 [1] in {Path.Combine(_folder, "model.safetensors")} has no place in the model");
        Refuses("model.layers.0.invented.weight", SafetensorsType.F32, "model.layers.0.invented.weight F32 [1] in ");
        Refuses("model.layers.01.input_layernorm.weight", SafetensorsType.F32, "has no place");
        Refuses("transformer.wte", SafetensorsType.F32, "has no place");
        Refuses("model.layers.9.input_layernorm.weight", SafetensorsType.F32, "no place for model.layers.9.input_layernorm.weight");
        Refuses("model.layers.9.input_layernorm.weight", SafetensorsType.I32, "has a type that this build cannot compute with");
        Refuses("norm.weight", SafetensorsType.F32, "two tensors have the place of 'output_norm.weight'");
    }

    [Fact]
    public void A_folder_without_configuration_or_weights_says_so()
    {
        Assert.Contains("it has no config.json", Refusal(), StringComparison.Ordinal);
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.WriteConfig(_folder, config);
        Assert.Contains("model.safetensors", Refusal(), StringComparison.Ordinal);
        foreach (string malformed in (string[])["", "[]", "{", "{\"a\":1,\"a\":2}", "{} {}", new string('[', 100_000)])
        {
            File.WriteAllText(Path.Combine(_folder, "config.json"), malformed);
            Assert.Contains("config.json: it is no", Refusal(), StringComparison.Ordinal);
        }

        File.WriteAllText(Path.Combine(_folder, "config.json"), "{\n  \"a\": ?}");
        Assert.EndsWith("(line 2, column 8).", Refusal(), StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_and_generation_settings_become_metadata()
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32), edit: json => json["bos_token_id"] = 5);
        Write(
            "generation_config.json",
            """{"do_sample":true,"eos_token_id":[11,12,11,13],"temperature":0.6,"top_k":20,"top_p":0.95,"repetition_penalty":1.05}"""
        );
        Write(
            "tokenizer_config.json",
            """
            {"add_bos_token":false,"bos_token":null,"eos_token":"<|im_end|>","pad_token":{"content":"<|pad|>"},"chat_template":[{"name":"tool_use","template":"b"},{"name":"default","template":"a"}],
             "added_tokens_decoder":{"12":{"content":"<|im_end|>"},"14":{"content":"<|pad|>"}}}
            """);
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            GgufMetadata metadata = folder.Metadata;
            Assert.Equal((5, 12, 14, 11, 13), (Id("bos"), Id("eos"), Id("padding"), Id("eot"), Id("eom")));
            Assert.Equal(
                (0.6f, 0.95f, 1.05f, 20),
                (
                    metadata.GetFloat("general.sampling.temp"),
                    metadata.GetFloat("general.sampling.top_p"),
                    metadata.GetFloat("general.sampling.penalty_repeat"),
                    metadata.GetInt32("general.sampling.top_k")));
            Assert.Equal("a", metadata.GetString("tokenizer.chat_template"));
            Assert.False(metadata.GetBool("tokenizer.ggml.add_bos_token"));
            int Id(string role) => metadata.GetInt32($"tokenizer.ggml.{role}_token_id");
        }

        Write("chat_template.jinja", "c");
        Write("generation_config.json", """{"do_sample":false,"temperature":0.6}""");
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            Assert.Equal("c", folder.Metadata.GetString("tokenizer.chat_template"));
            Assert.Equal(0, folder.Metadata.GetFloat("general.sampling.temp"));
        }

        Write("generation_config.json", """{"eos_token_id":[1,2,3,4]}""");
        Assert.Contains("generation_config.json: 'eos_token_id' is [1,2,3,4]", Refusal(), StringComparison.Ordinal);
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            // Logits and tokens do without; what tokenizer_config.json says stays.
            LanguageModel.Load(folder);
            Assert.Contains("generation_config.json", Assert.Single(folder.Notes), StringComparison.Ordinal);
            Assert.Equal(12, folder.Metadata.GetInt32("tokenizer.ggml.eos_token_id"));
            Assert.False(folder.Metadata.Contains("tokenizer.ggml.eot_token_id"));
        }

        Write("generation_config.json", """{"temperature":"hot"}""");
        Assert.Contains("'temperature' is \"hot\", not a number", Refusal(), StringComparison.Ordinal);
        foreach (
            (string settings, string reason) in ((string, string)[])
                [
                    ("""{"temperature":-1}""", "'temperature' is -1; it must be at least 0"),
                    ("""{"top_p":1.5}""", "'top_p' is 1.5; it must be from 0 to 1"),
                    ("""{"repetition_penalty":-1}""", "'repetition_penalty' is -1; it must be at least 0"),
                    ("""{"top_k":1.5}""", "'top_k' is 1.5; it must be a whole number"),
                ])
        {
            Write("generation_config.json", settings);
            Assert.Contains(reason, Refusal(), StringComparison.Ordinal);
        }

        Write(
            "generation_config.json",
            """{"top_k":-1,"top_p":null,"min_p":0,"repetition_penalty":0,"temperature":1}""");
        using (HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder))
        {
            folder.RequireGenerationSettings();
            Assert.Equal(0, folder.Metadata.GetInt32("general.sampling.top_k"));
            Assert.Equal(1, folder.Metadata.GetFloat("general.sampling.penalty_repeat"));
            Assert.False(folder.Metadata.Contains("general.sampling.top_p"));
            Assert.Equal(2, folder.Repairs.Count);
            Assert.Contains("'top_k' in generation_config.json is -1", folder.Repairs[0], StringComparison.Ordinal);
        }

        Write("generation_config.json", "{}");
        File.Delete(Path.Combine(_folder, "chat_template.jinja"));
        Write("tokenizer_config.json", """{"chat_template":[{"name":"tool_use"}]}""");
        Assert.Contains("'chat_template[].template' is missing", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_folder_of_a_cache_has_the_name_of_its_repository()
    {
        string snapshot = Path.Combine(_folder, "models--Qwen--Qwen3-0.6B", "snapshots", "c1899de289a04d12100db370d81485cdf75e47ca");
        Directory.CreateDirectory(snapshot);
        ModelConfig config = TinyModels.Configs["qwen2"];
        HuggingFaceFolder.Write(snapshot, config, RandomWeights.Create(config, TinyModels.F32));
        using Checkpoint model = ModelFiles.Open(Path.Combine(snapshot, "config.json"));
        Assert.Equal("Qwen3-0.6B", model.Metadata.GetString("general.name"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_configurations_load_or_are_refused(int seed)
    {
        ModelConfig config = TinyModels.Configs["qwen2, YaRN"];
        HuggingFaceFolder.Write(_folder, config, RandomWeights.Create(config, TinyModels.F32));
        string path = Path.Combine(_folder, "config.json"), whole = File.ReadAllText(path);
        string[] words = ["0", "-1", "1e300", "2147483648", "null", "true", "\"\"", "[]", "{}", "{", "\"", ",", "\\ud800"];
        Random random = new(seed);
        int refused = 0;
        for (int i = 0; i < 500; i++)
        {
            int at = random.Next(whole.Length), cut = random.Next(Math.Min(8, whole.Length - at));
            File.WriteAllText(path, whole[..at] + words[random.Next(words.Length)] + whole[(at + cut)..]);
            try
            {
                using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
                LanguageModel.Load(folder);
            }
            catch (Exception refusal) when (refusal is ModelLoadException or HuggingFaceException or GgufException)
            {
                Assert.InRange(refusal.Message.Length, 10, 2000);
                refused++;
            }
        }

        Assert.InRange(refused, 100, 500);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private string Refusal()
    {
        try
        {
            using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(_folder);
            LanguageModel.Load(folder);
            folder.RequireGenerationSettings();
        }
        catch (Exception refusal) when (refusal is ModelLoadException or HuggingFaceException)
        {
            return refusal.Message;
        }

        return "It loaded.";
    }
}
