using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>The table of published shapes, and random weights of any type.</summary>
public class ShapeTests
{
    // What the model cards and checkpoints state, a tied head counted once.
    [Theory]
    [InlineData("qwen2.5-0.5b", 494_032_768)]
    [InlineData("qwen2.5-1.5b", 1_543_714_304)]
    [InlineData("qwen2.5-3b", 3_085_938_688)]
    [InlineData("qwen2.5-7b", 7_615_616_512)]
    [InlineData("qwen2.5-14b", 14_770_033_664)]
    [InlineData("qwen2.5-32b", 32_763_876_352)]
    [InlineData("qwen2.5-72b", 72_706_203_648)]
    [InlineData("qwen3-0.6b", 596_049_920)]
    [InlineData("qwen3-1.7b", 1_720_574_976)]
    [InlineData("qwen3-4b", 4_022_468_096)]
    [InlineData("qwen3-8b", 8_190_735_360)]
    [InlineData("qwen3-14b", 14_768_307_200)]
    [InlineData("qwen3-32b", 32_762_123_264)]
    [InlineData("qwen1.5-moe-a2.7b", 14_315_784_192)]
    [InlineData("qwen2-57b-a14b", 57_408_658_944)]
    [InlineData("qwen3-30b-a3b", 30_532_122_624)]
    [InlineData("qwen3-235b-a22b", 235_093_634_560)]
    [InlineData("qwen3-coder-480b-a35b", 480_154_875_392)]
    public void A_shape_has_as_many_parameters_as_its_model(string name, long parameters)
    {
        ModelConfig c = ModelShapes.Find(name).Validate();
        long attention =
            (long)c.Width * (2 * c.QueryWidth + 2 * c.KvWidth)
            + (c.HasQkvBias ? c.QueryWidth + 2 * c.KvWidth : 0)
            + (c.HasQkNorm ? 2 * c.HeadLength : 0);
        long experts = c.Experts is { } e
            ? (long)c.Width * e.Count + 3L * c.Width * e.Count * e.Width + (e.SharedWidth > 0 ? c.Width : 0)
            : 0;
        long layer = attention + 3L * c.Width * c.DenseWidth + experts + 2 * c.Width;
        Assert.Equal(parameters, (long)c.VocabularySize * c.Width * (c.HasTiedHead ? 1 : 2) + c.Layers * layer + c.Width);
    }

    // No exact counts are published; the names round them.
    [Theory]
    [InlineData("qwen3-next-80b-a3b", 79.7)]
    [InlineData("qwen3.5-0.8b", 0.75)]
    [InlineData("qwen3.5-4b", 4.2)]
    [InlineData("qwen3.5-9b", 8.95)]
    [InlineData("qwen3.5-27b", 26.9)]
    [InlineData("qwen3.5-35b-a3b", 34.7)]
    [InlineData("qwen3.5-397b-a17b", 396)]
    public void A_hybrid_shape_has_about_as_many_parameters_as_its_model(string name, double billions)
    {
        ModelConfig c = ModelShapes.Find(name).Validate();
        DeltaNetShape shape = c.Recurrent!.Shape;
        long attention = (long)c.Width * (3 * c.QueryWidth + 2 * c.KvWidth);
        long recurrent =
            (long)c.Width * (shape.ConvolutionWidth + 2 * shape.ValueWidth + 2 * shape.ValueHeads)
            + (long)shape.ConvolutionWidth * shape.Taps;
        long feedForward =
            3L * c.Width * (c.Experts is { } experts ? (long)experts.Count * experts.Width + experts.SharedWidth : c.FeedForwardWidth)
            + (long)c.Width * (c.Experts?.Count ?? 0);
        long all =
            (long)c.VocabularySize * c.Width * (c.HasTiedHead ? 1 : 2)
            + c.AttentionLayers * attention
            + (c.Layers - c.AttentionLayers) * recurrent
            + c.Layers * feedForward;
        Assert.InRange(all / 1e9, 0.99 * billions, 1.01 * billions);
    }

    [Fact]
    public void An_unknown_shape_or_type_is_answered_with_those_that_there_are()
    {
        Assert.Contains("qwen3-4b", Assert.Throws<ArgumentException>(() => ModelShapes.Find("qwen9-1b")).Message, StringComparison.Ordinal);
        Assert.Contains("q4_k_m", Assert.Throws<ArgumentException>(() => WeightMix.Find("q9")).Message, StringComparison.Ordinal);
        Assert.Same(WeightMix.Find("q4_k_m"), WeightMix.Find("Q4_K_M"));
    }

    [Fact]
    public void Q4_K_M_gives_more_bits_to_the_layers_that_need_them()
    {
        ModelConfig config = ModelShapes.Find("qwen3-0.6b"); // 28 layers
        WeightMix mix = WeightMix.Find("q4_k_m");
        int[] more =
        [
            .. Enumerable.Range(0, 28).Where(layer => mix.TypeOf(config, $"blk.{layer}.ffn_down.weight", 3072) == TensorType.Q6_K),
        ];
        Assert.Equal([0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27], more);
        Assert.Equal(TensorType.Q6_K, mix.TypeOf(config, "token_embd.weight", 1024));
        Assert.Equal(TensorType.Q4_K, mix.TypeOf(config with { HasTiedHead = false }, "token_embd.weight", 1024));
        Assert.Equal(TensorType.Q4_K, mix.TypeOf(config, "blk.0.attn_q.weight", 1024));
        Assert.Equal(TensorType.Q5_0, mix.TypeOf(config, "blk.0.attn_q.weight", 896));
        Assert.Equal(TensorType.Q8_0, mix.TypeOf(config, "output.weight", 896));
        Assert.Equal(TensorType.F16, mix.TypeOf(config, "output.weight", 72));
    }

    [Fact]
    public void Q4_K_M_treats_experts_as_it_treats_dense_networks_and_leaves_their_router_alone()
    {
        ModelConfig config = ModelShapes.Find("qwen3-30b-a3b"); // 48 layers
        WeightMix mix = WeightMix.Find("q4_k_m");
        Assert.Equal(TensorType.F32, mix.TypeOf(config, "blk.0.ffn_gate_inp.weight", 2048));
        Assert.Equal(TensorType.Q6_K, mix.TypeOf(config, "blk.5.ffn_down_exps.weight", 768));
        Assert.Equal(TensorType.Q4_K, mix.TypeOf(config, "blk.6.ffn_down_exps.weight", 768));
        Assert.Equal(TensorType.Q6_K, mix.TypeOf(config, "blk.8.ffn_down_shexp.weight", 768));
        Assert.Equal(TensorType.Q4_K, mix.TypeOf(config, "blk.0.ffn_gate_exps.weight", 2048));
        Assert.Equal(TensorType.Q6_K, mix.TypeOf(config, "blk.0.attn_qkv.weight", 2048));
    }

    public static TheoryData<string> Mixes() => [.. WeightMix.All.Select(mix => mix.Name)];

    [Theory]
    [MemberData(nameof(Mixes))]
    public void Random_weights_are_finite_centred_and_of_the_asked_deviation(string name)
    {
        ModelConfig config = TinyModels.Config("qwen3", heads: 4, kvHeads: 2, headLength: 64) with { Width = 256, FeedForwardWidth = 512 };
        foreach (Tensor tensor in RandomWeights.Create(config, WeightMix.Find(name)).Where(tensor => tensor.Shape.Length == 2))
        {
            float[] values = new float[tensor.Columns];
            double sum = 0, squares = 0;
            for (int row = 0; row < tensor.Rows; row++)
            {
                Quantization.Dequantize(tensor.Type, tensor.RowData(row), values);
                Assert.All(values, value => Assert.True(float.IsFinite(value)));
                sum += values.Sum(value => (double)value);
                squares += values.Sum(value => (double)value * value);
            }

            double mean = sum / tensor.ElementCount,
                deviation = Math.Sqrt(squares / tensor.ElementCount),
                expected = 1 / Math.Sqrt(tensor.Columns);
            Assert.InRange(deviation / expected, 0.8, 1.25);
            Assert.InRange(Math.Abs(mean) / expected, 0, 0.15);
        }
    }

    [Fact]
    public void A_seed_repeats_its_weights_and_no_two_matrices_are_alike()
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        string[] Contents(int seed) =>
            [.. RandomWeights.Create(config, WeightMix.Find("q8_0"), seed).Select(tensor => Convert.ToHexString(tensor.Data))];
        Assert.Equal(Contents(5), Contents(5));
        Assert.NotEqual(Contents(5), Contents(6));
        Assert.Distinct(Contents(5));
    }

    [Fact]
    public void A_vocabulary_too_small_for_a_file_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
            RandomWeights.Save(Path.Combine(Path.GetTempPath(), "never-written.gguf"), TinyModels.Configs["qwen3"], TinyModels.F32));
}
