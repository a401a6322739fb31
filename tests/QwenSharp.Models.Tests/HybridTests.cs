using System.Runtime.InteropServices;
using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Decoders with recurrent layers: their states, and the ways in which checkpoints store their weights.</summary>
public class HybridTests
{
    private static readonly ModelConfig _next = TinyModels.Configs["qwen3next"];

    [Fact]
    public void A_cache_has_layers_for_attention_alone_and_a_sequence_a_state_of_fixed_size()
    {
        ModelConfig config = ModelShapes.Find("qwen3.5-4b").Validate();
        Assert.Equal(8, config.AttentionLayers);
        Assert.Equal(8 * 2 * 4 * 256 * 2, config.KvBytesPerToken(TensorType.F16));

        // 24 layers: 3 inputs of 8,192 channels, and 32 states of 128 × 128.
        Assert.Equal(24L * (3 * 8_192 + 32 * 128 * 128) * sizeof(float), config.StateBytesPerSequence);
        Assert.Equal(0, ModelShapes.Find("qwen3-4b").StateBytesPerSequence);

        LanguageModel model = TinyModels.Create("qwen35");
        using CpuCompute compute = new(threads: 1);
        using KvStore cache = model.CreateKvStore(compute, TensorType.F16, 1);
        using RecurrentStore? states = model.CreateRecurrentStore(compute, 2);
        Assert.Equal(1, cache.Layers);
        Assert.Equal(cache.BlockBytes, KvStore.BlockTokens * model.Config.KvBytesPerToken(TensorType.F16));
        Assert.Equal(5, states!.Layers);
        Assert.Equal(states.SlotBytes, model.Config.StateBytesPerSequence);
        Assert.Null(TinyModels.Create("qwen3").CreateRecurrentStore(compute, 2));
    }

    [Fact]
    public void A_pass_without_states_or_at_another_position_is_refused()
    {
        LanguageModel model = TinyModels.Create("qwen35");
        using CpuCompute compute = new(threads: 1);
        using KvStore cache = model.CreateKvStore(compute, TensorType.F32, 1);
        using RecurrentStore? states = model.CreateRecurrentStore(compute, 1);
        using Workspace workspace = new(compute, model.Config, 4, 1);
        Batch batch = new(4, 1);
        batch.Add([1, 2, 3], 0, [0], 1);
        Assert.Throws<ArgumentException>(() => model.Forward(compute, batch, cache, workspace));
        model.Forward(compute, batch, cache, workspace, states);
        batch.Clear();
        batch.Add([4], 2, [0], 1);
        Assert.Throws<ArgumentException>(() => model.Forward(compute, batch, cache, workspace, states));
        batch.Clear();
        batch.Add([4], 3, [0], 1);
        model.Forward(compute, batch, cache, workspace, states);
        Assert.Equal(4, states!.PositionOf(0));
    }

    [Theory]
    [InlineData("qwen3next")]
    [InlineData("qwen35moe, drafting")]
    public void A_step_allocates_nothing(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        using ModelRunner runner = new(model, new RunnerOptions { Threads = 1, Rows = 40, LogitRows = 2, Sequences = 2, Blocks = 2 });
        int[] blocks = [0], others = [1];
        void Step(int position)
        {
            runner.Batch.Clear();
            runner.Batch.Add([1, 2, 3, 4, 5, 6, 7], position, blocks, 1, slot: 1);
            runner.Batch.Add([1, 2, 3, 4, 5, 6, 7], position, others, 1);
            runner.Forward();
        }

        Assert.Equal(0, Allocations.Least(() =>
        {
            Step(0);
            Step(7);
            Step(14);
        }));
    }

    [Theory]
    [InlineData("qwen3next")]
    [InlineData("qwen35")]
    [InlineData("qwen35moe, drafting")]
    public void Every_tensor_is_needed_and_missed_by_its_name(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32);
        Assert.All(
            tensors,
            missing =>
            {
                ModelLoadException refusal = Assert.Throws<ModelLoadException>(() =>
                    new LanguageModel(config, tensors.Where(tensor => tensor != missing)));
                Assert.Contains($"'{missing.Name}'", refusal.Message, StringComparison.Ordinal);
            });
    }

    [Fact]
    public void The_first_conversions_of_Qwen3_Next_give_the_same_bits()
    {
        // Queries, keys, values and gates in one matrix, together by key head.
        DeltaNetShape shape = _next.Recurrent!.Shape;
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(_next, TinyModels.F32, seed: 4);
        List<Tensor> first =
        [
            .. tensors.Where(tensor =>
                !tensor.Name.EndsWith("attn_qkv.weight", StringComparison.Ordinal)
                && !tensor.Name.EndsWith("attn_gate.weight", StringComparison.Ordinal)),
        ];
        foreach (Tensor mixed in tensors.Where(tensor => tensor.Name.EndsWith("attn_qkv.weight", StringComparison.Ordinal)))
        {
            Tensor gate = tensors.Single(tensor => tensor.Name == mixed.Name.Replace("attn_qkv", "attn_gate", StringComparison.Ordinal));
            int values = shape.ValueWidth / shape.KeyHeads;
            float[] rows =
            [
                .. Enumerable
                    .Range(0, shape.KeyHeads)
                    .SelectMany(head =>
                        (float[])
                            [
                                .. Rows(mixed, head * shape.KeyLength, shape.KeyLength),
                                .. Rows(mixed, shape.KeyWidth + head * shape.KeyLength, shape.KeyLength),
                                .. Rows(mixed, 2 * shape.KeyWidth + head * values, values),
                                .. Rows(gate, head * values, values),
                            ]),
            ];
            first.Add(
                Tensor.Copy(
                    mixed.Name.Replace("attn_qkv", "ssm_in", StringComparison.Ordinal),
                    TensorType.F32,
                    [_next.Width, mixed.Rows + gate.Rows],
                    MemoryMarshal.AsBytes(rows.AsSpan())));
        }

        AssertSameLogits(_next, tensors, first);

        // Where both are there, the separate ones are used.
        AssertSameLogits(
            _next,
            tensors,
            [.. tensors, .. first.Where(tensor => tensor.Name.EndsWith("ssm_in.weight", StringComparison.Ordinal)).Select(Zeros)]);
    }

    [Fact]
    public void Experts_with_gate_and_way_up_in_one_matrix_give_the_same_bits()
    {
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(_next, TinyModels.F32, seed: 4);
        MixtureOfExperts experts = _next.Experts!;
        List<Tensor> fused =
        [
            .. tensors.Where(tensor =>
                !tensor.Name.EndsWith("ffn_gate_exps.weight", StringComparison.Ordinal)
                && !tensor.Name.EndsWith("ffn_up_exps.weight", StringComparison.Ordinal)),
        ];
        foreach (Tensor gate in tensors.Where(tensor => tensor.Name.EndsWith("ffn_gate_exps.weight", StringComparison.Ordinal)))
        {
            Tensor up = tensors.Single(tensor => tensor.Name == gate.Name.Replace("gate", "up", StringComparison.Ordinal));
            float[] rows =
            [
                .. Enumerable
                    .Range(0, experts.Count)
                    .SelectMany(e =>
                        (float[])[.. Rows(gate, e * experts.Width, experts.Width), .. Rows(up, e * experts.Width, experts.Width)]),
            ];
            fused.Add(
                Tensor.Copy(
                    gate.Name.Replace("gate", "gate_up", StringComparison.Ordinal),
                    TensorType.F32,
                    [_next.Width, 2 * experts.Width, experts.Count],
                    MemoryMarshal.AsBytes(rows.AsSpan())));
        }

        AssertSameLogits(_next, tensors, fused);
    }

    [Fact]
    public void Qwen3_Next_and_Qwen3_5_differ_in_which_key_head_a_value_head_reads()
    {
        DeltaNetShape grouped = new(2, 6, 16, 16, 4), alternating = grouped with { HasAlternatingKeyHeads = true };
        Assert.Equal([0, 0, 0, 1, 1, 1], Enumerable.Range(0, 6).Select(grouped.KeyHeadOf));
        Assert.Equal([0, 1, 0, 1, 0, 1], Enumerable.Range(0, 6).Select(alternating.KeyHeadOf));
    }

    [Fact]
    public void Numbers_that_cannot_be_are_refused()
    {
        RecurrentLayers recurrent = _next.Recurrent!;
        foreach (RecurrentLayers wrong in (RecurrentLayers[])
        [
            recurrent with { AttentionInterval = 1 },
            recurrent with { AttentionInterval = 7 },
            recurrent with { Shape = recurrent.Shape with { KeyHeads = 4 } },
            recurrent with { Shape = recurrent.Shape with { Taps = 0 } },
            recurrent with { Shape = recurrent.Shape with { KeyLength = 1 << 20 } },
            recurrent with { Shape = recurrent.Shape with { KeyLength = 1 << 16, KeyHeads = 1 << 15, ValueHeads = 1 << 15 } },
        ])
        {
            Assert.Throws<ModelLoadException>(() => new LanguageModel(_next with { Recurrent = wrong }, []));
        }

        Assert.Throws<ModelLoadException>(() => new LanguageModel(_next with { NextTokenLayers = -1 }, []));
    }

    private static void AssertSameLogits(ModelConfig config, IEnumerable<Tensor> tensors, IEnumerable<Tensor> others)
    {
        using Run run = new(new LanguageModel(config, tensors), 8, 1), other = new(new LanguageModel(config, others), 8, 1);
        Assert.Equal(run.Append(0, [5, 6, 7]), other.Append(0, [5, 6, 7]));
    }

    private static IEnumerable<float> Rows(Tensor tensor, int first, int count) =>
        Enumerable.Range(first, count).SelectMany(row => MemoryMarshal.Cast<byte, float>(tensor.RowData(row)).ToArray());

    private static Tensor Zeros(Tensor tensor) => Tensor.Copy(tensor.Name, tensor.Type, tensor.Shape, new byte[tensor.ByteLength]);
}
