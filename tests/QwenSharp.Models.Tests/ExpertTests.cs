using System.Runtime.InteropServices;
using FsCheck.Fluent;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Mixtures of experts: who is hit, with which weight, and what a checkpoint must have.</summary>
public class ExpertTests
{
    private static readonly ModelConfig _config = TinyModels.Configs["qwen3moe"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_go_to_their_likeliest_experts_and_come_back_from_every_slot(bool normalizes)
    {
        using CpuCompute compute = new(1);
        Check(compute, Gen.Sample(Gen.Choose(1, 40), 50, 20).Select((experts, i) => (Experts: experts, Rows: 1 + i % 9, Seed: i)));

        void Check(Compute compute, IEnumerable<(int Experts, int Rows, int Seed)> cases)
        {
            foreach ((int experts, int rows, int seed) in cases)
            {
                Random random = new(seed);
                MixtureOfExperts config = new(experts, 1 + random.Next(experts), 8) { NormalizesWeights = normalizes, WeightScale = 1.5f };
                using HostActivations scores = new(rows, experts);
                float[][] logits =
                [
                    .. Enumerable
                        .Range(0, rows)
                        .Select(_ => Enumerable.Range(0, experts).Select(_ => (float)random.Next(-6, 7) / 2).ToArray()),
                ];
                for (int row = 0; row < rows; row++)
                    logits[row].CopyTo(scores.Row(row));

                ExpertRouting routing = new(rows, config.Choice);
                compute.Route(scores, rows, routing);
                AssertRouted(config, logits, routing);
            }
        }
    }

    private static void AssertRouted(MixtureOfExperts config, float[][] logits, ExpertRouting routing)
    {
        int[] expertOfSlot = new int[routing.RowOfSlot.Length];
        int next = 0;
        foreach ((int expert, RowRange slots) in routing.Groups)
        {
            Assert.Equal(next, slots.First);
            Assert.True(slots.Count > 0);
            expertOfSlot.AsSpan(slots.First, slots.Count).Fill(expert);
            next += slots.Count;
        }

        Assert.Equal(logits.Length * config.Used, next);
        for (int row = 0; row < logits.Length; row++)
        {
            // Equal scores: the first expert goes first.
            int[] expected = [.. Enumerable.Range(0, config.Count).OrderByDescending(e => logits[row][e]).ThenBy(e => e).Take(config.Used)];
            double sum = config.NormalizesWeights ? expected.Sum(e => Math.Exp(logits[row][e])) : logits[row].Sum(logit => Math.Exp(logit));
            for (int i = 0; i < config.Used; i++)
            {
                int slot = routing.SlotsOfRows[row * config.Used + i];
                Assert.Equal(row, routing.RowOfSlot[slot]);
                Assert.Equal(expected[i], expertOfSlot[slot]);
                Assert.Equal(config.WeightScale * Math.Exp(logits[row][expected[i]]) / sum, routing.Weights[row * config.Used + i], 1e-6);
            }
        }
    }

    [Fact]
    public void Scores_that_are_not_numbers_still_pick_experts()
    {
        using CpuCompute compute = new(1);
        using HostActivations scores = new(1, 4);
        scores.Row(0).Fill(float.NaN);
        MixtureOfExperts config = new(4, 2, 8);
        ExpertRouting routing = new(1, config.Choice);
        compute.Route(scores, 1, routing);
        Assert.Equal(2, routing.Groups.Length);
    }

    [Fact]
    public void Experts_that_nobody_hits_are_not_touched()
    {
        // Their weights are NaN, and the router never picks them: the logits stay numbers.
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(_config with { Layers = 1 }, TinyModels.F32, seed: 5);
        Tensor router = tensors.Single(tensor => tensor.Name == "blk.0.ffn_gate_inp.weight");
        int hit = _config.Experts!.Used;
        IEnumerable<Tensor> poisoned = tensors.Select(tensor =>
            tensor.Name.Contains("_exps", StringComparison.Ordinal) ? Poison(tensor, hit)
            : tensor == router ? Flat(tensor)
            : tensor);
        using Run run = new(new LanguageModel(_config with { Layers = 1 }, poisoned), 4, 1);
        Assert.All(run.Append(0, [3, 1, 4, 1]), row => Assert.All(row, logit => Assert.True(float.IsFinite(logit))));
    }

    [Fact]
    public void A_token_reads_the_bytes_of_the_experts_that_it_hits()
    {
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(_config, TinyModels.F32, seed: 5);
        LanguageModel model = new(_config, tensors);
        long experts = tensors.Where(tensor => tensor.Name.Contains("_exps", StringComparison.Ordinal)).Sum(tensor => tensor.ByteLength);
        Assert.Equal(tensors.Sum(tensor => tensor.ByteLength), model.WeightBytes);
        Assert.Equal(model.WeightBytes - experts * 12 / 16 - 96 * 64 * sizeof(float), model.BytesPerToken);
    }

    [Fact]
    public void A_scale_an_expert_multiplies_its_matrices()
    {
        // Halving the scales and doubling the elements changes nothing but rounding; powers of two do not round.
        foreach (string name in (string[])["ffn_gate", "ffn_up", "ffn_down"])
        {
            IReadOnlyList<Tensor> tensors = RandomWeights.Create(_config, TinyModels.F32, seed: 5);
            Tensor stack = tensors.Single(tensor => tensor.Name == $"blk.1.{name}_exps.weight");
            int experts = _config.Experts!.Count, perExpert = (int)(stack.ElementCount / experts);
            float[] scales = [.. Enumerable.Range(0, experts).Select(e => e % 3 == 0 ? 1f : e % 3 == 1 ? 0.5f : 2f)];
            float[] elements = [.. Floats(stack).Select((value, i) => value / scales[i / perExpert])];
            Tensor[] scaled =
            [
                .. tensors.Where(tensor => tensor != stack),
                Tensor.Copy(stack.Name, TensorType.F32, stack.Shape, MemoryMarshal.AsBytes(elements.AsSpan())),
                Tensor.Copy($"blk.1.{name}_exps.scale", TensorType.F32, [experts], MemoryMarshal.AsBytes(scales.AsSpan())),
                Tensor.Copy($"blk.1.{name}_exps.input_scale", TensorType.F32, [experts], MemoryMarshal.AsBytes(scales.AsSpan())),
            ];
            using Run plain = new(new LanguageModel(_config, tensors), 8, 1), other = new(new LanguageModel(_config, scaled), 8, 1);
            Assert.Equal(plain.Append(0, [5, 6, 7]), other.Append(0, [5, 6, 7]));
        }
    }

    [Fact]
    public void Experts_may_have_a_tensor_each_and_every_one_is_needed()
    {
        IReadOnlyList<Tensor> stacked = RandomWeights.Create(_config, TinyModels.F32);
        List<Tensor> apart = [];
        foreach (Tensor tensor in stacked)
        {
            if (tensor.Shape.Length < 3)
                apart.Add(tensor);

            long elements = tensor.Shape.Length < 3 ? 0 : tensor.Shape[0] * tensor.Shape[1];
            for (int expert = 0; elements > 0 && expert < tensor.Shape[2]; expert++)
            {
                byte[] data = System
                    .Runtime.InteropServices.MemoryMarshal.AsBytes<float>(
                        HuggingFaceFolder.Floats(tensor.Slice(expert * elements, tensor.Shape[..2])))
                    .ToArray();
                apart.Add(
                    Tensor.Copy(
                        tensor.Name.Replace("_exps", $".{expert}", StringComparison.Ordinal),
                        TensorType.F32,
                        tensor.Shape[..2],
                        data));
            }
        }

        using Run one = new(new LanguageModel(_config, stacked), 8, 1), other = new(new LanguageModel(_config, apart), 8, 1);
        Assert.Equal(one.Append(0, [1, 2, 3]), other.Append(0, [1, 2, 3]));
        Assert.Equal(new LanguageModel(_config, stacked).BytesPerToken, new LanguageModel(_config, apart).BytesPerToken);
        ModelLoadException refusal = Assert.Throws<ModelLoadException>(() =>
            new LanguageModel(_config, apart.Where(tensor => tensor.Name != "blk.0.ffn_up.3.weight")));
        Assert.Contains("'blk.0.ffn_up.3.weight'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("qwen3moe")]
    [InlineData("qwen2moe, a shared expert")]
    public void Every_tensor_is_needed_and_missed_by_its_name(string name)
    {
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(TinyModels.Configs[name], TinyModels.F32);
        Assert.All(
            tensors,
            missing =>
            {
                ModelLoadException refusal = Assert.Throws<ModelLoadException>(() =>
                    new LanguageModel(TinyModels.Configs[name], tensors.Where(tensor => tensor != missing)));
                Assert.Contains($"'{missing.Name}'", refusal.Message, StringComparison.Ordinal);
            });
    }

    [Theory]
    [InlineData(16, 17, 32, 0)]
    [InlineData(16, 0, 32, 0)]
    [InlineData(0, 0, 32, 0)]
    [InlineData(16, 4, 0, 0)]
    [InlineData(16, 4, 32, -1)]
    public void Numbers_that_cannot_be_are_refused(int count, int used, int width, int shared)
    {
        ModelConfig wrong = _config with { Experts = new MixtureOfExperts(count, used, width) { SharedWidth = shared } };
        Assert.Throws<ModelLoadException>(() => new LanguageModel(wrong, []));
    }

    private static float[] Floats(Tensor tensor) =>
        [.. Enumerable.Range(0, tensor.Rows).SelectMany(row => MemoryMarshal.Cast<byte, float>(tensor.RowData(row)).ToArray())];

    // NaN in all experts but the first ones.
    private static Tensor Poison(Tensor stack, int kept)
    {
        float[] values = Floats(stack);
        values.AsSpan(values.Length / _config.Experts!.Count * kept).Fill(float.NaN);
        return Tensor.Copy(stack.Name, TensorType.F32, stack.Shape, MemoryMarshal.AsBytes(values.AsSpan()));
    }

    // All scores are 0, so that the first experts are picked among equals.
    private static Tensor Flat(Tensor router) =>
        Tensor.Copy(router.Name, TensorType.F32, router.Shape, new byte[router.ByteLength]);
}
