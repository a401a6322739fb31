using QwenSharp.Formats;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>What a checkpoint must have, and what happens when it does not.</summary>
public sealed class LoadingTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"qwensharp-{Guid.NewGuid():N}.gguf");

    public static TheoryData<string> Names() => TinyModels.Names();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_gives_the_configuration_and_the_logits_that_it_was_made_of(string name)
    {
        ModelConfig config = TinyModels.Configs[name] with { VocabularySize = 300 };
        RandomWeights.Save(_path, config, TinyModels.F32, seed: 8);
        using GgufFile file = GgufFile.Open(_path);
        LanguageModel model = LanguageModel.Load(file);

        Assert.Equal(config, model.Config);
        using Run loaded = new(model, 8, 1), made = new(RandomWeights.CreateModel(config, TinyModels.F32, seed: 8), 8, 1);
        Assert.Equal(made.Append(0, [1, 2, 299]), loaded.Append(0, [1, 2, 299]));
    }

    [Fact]
    public void Every_tensor_is_needed_and_missed_by_its_name()
    {
        IReadOnlyList<Tensor> tensors = Tensors();
        Assert.All(tensors, missing =>
        {
            ModelLoadException refusal = Assert.Throws<ModelLoadException>(() => Load(tensors.Where(tensor => tensor != missing)));
            Assert.Contains($"'{missing.Name}'", refusal.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_tensor_without_a_place_is_refused_by_its_name() =>
        Assert.Contains("blk.2.attn_q.weight", Refusal([.. Tensors(), Vector("blk.2.attn_q.weight", 4)]), StringComparison.Ordinal);

    [Fact]
    public void Two_tensors_of_a_name_are_refused() =>
        Assert.Contains("output_norm.weight", Refusal([.. Tensors(), Vector("output_norm.weight", 64)]), StringComparison.Ordinal);

    [Fact]
    public void A_wrong_shape_is_refused_with_the_right_one()
    {
        string message = Refusal(Replace("output_norm.weight", Vector("output_norm.weight", 32)));
        Assert.Contains("[32]", message, StringComparison.Ordinal);
        Assert.Contains("[64]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_type_is_refused()
    {
        Assert.Contains(
            "F32",
            Refusal(Replace("output_norm.weight", Tensor.Copy("output_norm.weight", TensorType.F16, [64], new byte[128]))),
            StringComparison.Ordinal);
        Assert.Contains(
            "I8",
            Refusal(Replace("output.weight", Tensor.Copy("output.weight", TensorType.I8, [64, 97], new byte[64 * 97]))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_scale_of_a_matrix_multiplies_its_product()
    {
        // Halving the scale of a matrix and doubling its elements changes nothing but rounding; powers of two do not round.
        ModelConfig config = TinyModels.Configs["qwen3"];
        foreach (string name in (string[])["attn_q", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"])
        {
            IReadOnlyList<Tensor> tensors = Tensors("qwen3");
            Tensor matrix = tensors.Single(tensor => tensor.Name == $"blk.1.{name}.weight");
            float[] doubled =
            [
                .. Enumerable
                    .Range(0, matrix.Rows)
                    .SelectMany(row => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(matrix.RowData(row)).ToArray())
                    .Select(value => 2 * value),
            ];
            Tensor[] scaled =
            [
                .. tensors.Where(tensor => tensor != matrix),
                Tensor.Copy(
                    matrix.Name,
                    TensorType.F32,
                    matrix.Shape,
                    System.Runtime.InteropServices.MemoryMarshal.AsBytes(doubled.AsSpan())),
                Tensor.Copy($"blk.1.{name}.scale", TensorType.F32, [1], BitConverter.GetBytes(0.5f)),
                Tensor.Copy($"blk.1.{name}.input_scale", TensorType.F32, [1], BitConverter.GetBytes(7f)),
            ];
            using Run plain = new(new LanguageModel(config, tensors), 8, 1), other = new(new LanguageModel(config, scaled), 8, 1);
            Assert.Equal(plain.Append(0, [5, 6, 7]), other.Append(0, [5, 6, 7]));
        }
    }

    [Fact]
    public void Counts_of_parameters_and_bytes_are_those_of_the_tensors()
    {
        IReadOnlyList<Tensor> tensors = Tensors();
        LanguageModel model = Load(tensors);
        Assert.Equal(tensors.Sum(tensor => tensor.ElementCount), model.ParameterCount);
        Assert.Equal(tensors.Sum(tensor => tensor.ByteLength), model.WeightBytes);
        Assert.Equal(model.WeightBytes - 96 * 64 * sizeof(float), model.BytesPerToken);
        LanguageModel tied = TinyModels.Create("qwen2, one KV head, tied");
        Assert.Equal(tied.WeightBytes, tied.BytesPerToken);
    }

    [Theory]
    [InlineData("expert_count", 0, true)]
    [InlineData("expert_count", 8, false)]
    [InlineData("attention.sliding_window", 4096, false)]
    [InlineData("attn_logit_softcapping", 50, true)]
    [InlineData("pooling_type", 3, true)]
    [InlineData("pooling_type", 2, false)]
    [InlineData("invented_by_a_test", 0, false)]
    [InlineData("attention.value_length", 8, false)]
    [InlineData("rope.dimension_count", 8, true)]
    [InlineData("rope.dimension_sections", 8, false)]
    public void A_key_is_neutral_or_refused_by_its_name(string key, int value, bool accepted)
    {
        using GgufFile file = Write(
            writer => writer.Add("qwen2." + key, key.EndsWith("capping", StringComparison.Ordinal) ? (float)value : (GgufValue)value),
            without: "qwen2." + key);
        if (accepted)
        {
            LanguageModel.Load(file);
        }
        else
        {
            Assert.Contains(
                "'qwen2." + key,
                Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file)).Message,
                StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("block_count")]
    [InlineData("embedding_length")]
    [InlineData("attention.head_count")]
    [InlineData("attention.layer_norm_rms_epsilon")]
    [InlineData("context_length")]
    public void A_missing_key_is_named(string key)
    {
        using GgufFile file = Write(_ => { }, without: "qwen2." + key);
        Assert.Contains("qwen2." + key, Assert.Throws<GgufException>(() => LanguageModel.Load(file)).Message, StringComparison.Ordinal);
    }

    /// <summary>Some programs write one number for each layer.</summary>
    [Theory]
    [InlineData("qwen2", "attention.head_count_kv", new[] { 2, 2 }, null)]
    [InlineData("qwen2", "attention.head_count", new[] { 4 }, null)]
    [InlineData("qwen2", "feed_forward_length", new[] { 96, 96, 0 }, null)]
    [InlineData("qwen35", "attention.head_count_kv", new[] { 0, 0, 0, 2, 0, 0 }, null)]
    [InlineData("qwen2", "attention.head_count_kv", new[] { 2, 1 }, "the layers differ")]
    [InlineData("qwen2", "attention.head_count", new[] { 4, 0 }, "the layers differ")]
    [InlineData("qwen2", "feed_forward_length", new[] { 96, 64 }, "the layers differ")]
    [InlineData("qwen35", "attention.head_count_kv", new[] { 0, 0, 0, 2 }, "has 4 numbers for 6 layers")]
    [InlineData("qwen2", "embedding_length", new[] { 64, 32 }, "the layers differ")]
    public void A_number_for_each_layer_is_taken_where_all_are_the_same(string name, string key, int[] numbers, string? refusal)
    {
        using GgufFile file = Write(writer => writer.Add($"{name}.{key}", GgufValue.ArrayOf<int>(numbers)), $"{name}.{key}", name);
        if (refusal is null)
        {
            Assert.Equal(TinyModels.Configs[name], LanguageModel.Load(file).Config);
            return;
        }

        string message = Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file)).Message;
        Assert.Contains($"'{name}.{key}'", message, StringComparison.Ordinal);
        Assert.Contains(refusal, message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_rows_of_the_embedding_table_are_the_vocabulary()
    {
        using GgufFile file = Write(writer => writer.Add("qwen2.vocab_size", 96u), without: "qwen2.vocab_size");

        Assert.Equal(97, LanguageModel.Load(file).Config.VocabularySize);
        Assert.Contains("qwen2.vocab_size is 96", Assert.Single(file.Repairs), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rope.scaling.type", "longrope")]
    [InlineData("rope.scaling.type", "yarn")]
    public void A_scaling_that_is_not_built_or_not_complete_is_refused(string key, string value)
    {
        using GgufFile file = Write(writer => writer.Add("qwen2." + key, value).Add("qwen2.rope.scaling.factor", 4f));
        Assert.Contains(
            "'qwen2.rope.scaling.",
            Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_stretched_by_YaRN_ends_where_the_stretch_ends()
    {
        using GgufFile file = Write(writer => writer.Add("qwen2.rope.scaling.type", "yarn").Add("qwen2.rope.scaling.factor", 4f)
            .Add("qwen2.rope.scaling.original_context_length", 256u));
        Assert.Equal(1024, LanguageModel.Load(file).Config.ContextLength);
    }

    [Fact]
    public void A_vocabulary_without_weights_says_so()
    {
        GgufWriter writer = new();
        ConfigWriter.Write(TinyModels.Configs["qwen2"], writer);
        writer.Save(_path);
        using GgufFile file = GgufFile.Open(_path);
        Assert.Contains(
            "token_embd.weight",
            Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("KvHeads", 3)]
    [InlineData("HeadLength", 15)]
    [InlineData("Layers", 0)]
    [InlineData("Width", -1)]
    public void Numbers_that_cannot_be_are_refused(string name, int value)
    {
        ModelConfig config = TinyModels.Configs["qwen2"];
        ModelConfig wrong = name switch
        {
            "KvHeads" => config with { KvHeads = value },
            "HeadLength" => config with { HeadLength = value },
            "Layers" => config with { Layers = value },
            _ => config with { Width = value },
        };
        Assert.Contains(
            $"{value}",
            Assert.Throws<ModelLoadException>(() => new LanguageModel(wrong, [])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_architecture_that_is_not_built_is_refused_with_those_that_are()
    {
        new GgufWriter().Add("general.architecture", "llama").Save(_path);
        using GgufFile file = GgufFile.Open(_path);
        string message = Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file)).Message;
        Assert.Contains("'llama'", message, StringComparison.Ordinal);
        Assert.Contains("qwen35moe", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 1, 1, 1, 0, 1, 1 }, true)]
    [InlineData(new[] { 1, 0, 1, 0, 1, 0 }, false)] // another pattern than the tensors'
    [InlineData(new[] { 1, 1, 0, 1, 1, 1 }, false)]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1 }, false)]
    [InlineData(new[] { 1, 1, 1, 0 }, false)]
    public void Recurrent_layers_are_named_one_by_one_or_refused(int[] layers, bool accepted)
    {
        using GgufFile file = Write(
            writer => writer.Add("qwen35.attention.recurrent_layers", GgufValue.ArrayOf<int>(layers)),
            name: "qwen35");
        if (accepted)
            Assert.Equal(TinyModels.Configs["qwen35"], LanguageModel.Load(file).Config);
        else
            Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file));
    }

    [Theory]
    [InlineData("ssm.inner_size", 63)]
    [InlineData("ssm.time_step_rank", 0)]
    [InlineData("ssm.conv_kernel", 0)]
    [InlineData("full_attention_interval", 1)]
    [InlineData("nextn_predict_layers", 6)]
    public void Keys_of_recurrent_layers_that_cannot_be_are_refused(string key, int value)
    {
        using GgufFile file = Write(writer => writer.Add("qwen35." + key, (uint)value), "qwen35." + key, "qwen35");
        Assert.Throws<ModelLoadException>(() => LanguageModel.Load(file));
    }

    [Theory]
    [InlineData("ssm.inner_size")]
    [InlineData("ssm.state_size")]
    [InlineData("ssm.group_count")]
    [InlineData("ssm.conv_kernel")]
    public void A_missing_key_of_recurrent_layers_is_named(string key)
    {
        using GgufFile file = Write(_ => { }, "qwen35." + key, "qwen35");
        Assert.Contains("qwen35." + key, Assert.Throws<GgufException>(() => LanguageModel.Load(file)).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Tensor> Tensors(string name = "qwen2") =>
        RandomWeights.Create(TinyModels.Configs[name], TinyModels.F32, seed: 2);

    private static LanguageModel Load(IEnumerable<Tensor> tensors) => new(TinyModels.Configs["qwen2"], tensors);

    private static string Refusal(IEnumerable<Tensor> tensors) => Assert.Throws<ModelLoadException>(() => Load(tensors)).Message;

    private static IEnumerable<Tensor> Replace(string name, Tensor by) => [.. Tensors().Where(tensor => tensor.Name != name), by];

    private static Tensor Vector(string name, int length) => Tensor.Copy(name, TensorType.F32, [length], new byte[length * sizeof(float)]);

    private GgufFile Write(Action<GgufWriter> add, string? without = null, string name = "qwen2")
    {
        string complete = _path + ".complete";
        try
        {
            GgufWriter original = new();
            ConfigWriter.Write(TinyModels.Configs[name], original);
            original.Save(complete);
            GgufWriter writer = new();
            using (GgufFile file = GgufFile.Open(complete))
            {
                foreach ((string key, GgufValue value) in file.Metadata.Where(entry => entry.Key != without))
                    writer.Add(key, value);
            }

            add(writer);
            foreach (Tensor tensor in Tensors(name))
                writer.AddTensor(tensor);

            writer.Save(_path);
            return GgufFile.Open(_path);
        }
        finally
        {
            File.Delete(complete);
        }
    }
}
