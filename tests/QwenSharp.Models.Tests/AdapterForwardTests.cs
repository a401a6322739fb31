using System.Runtime.InteropServices;
using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>What an adapter does to a forward pass: what the matrices with it added would do, for its own sequences alone.</summary>
public sealed class AdapterForwardTests
{
    private const string Tied = "qwen2, one KV head, tied";

    public static TheoryData<string> Names() => TinyModels.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void An_adapter_gives_the_logits_of_the_merged_weights(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        IReadOnlyList<Tensor> weights = RandomWeights.Create(config, TinyModels.F32, seed: 1);
        LanguageModel model = new(config, weights);
        LoraAdapter adapter = Adapters.Create(config, seed: 2);
        int[] tokens = TinyModels.RandomTokens(19, config.VocabularySize, 3);
        using Run loaded = new(model, 32, 1), merged = new(Adapters.Merge(config, weights, adapter), 32, 1), plain = new(model, 32, 1);

        double[] expected = Flat(merged.Append(0, tokens));
        float[] actual = [.. loaded.Append(0, tokens, adapter: model.Fit(adapter)).SelectMany(row => row)];

        Assert.InRange(TinyModels.RelativeError(actual, expected), 0, 2e-5);
        Assert.InRange(TinyModels.RelativeError([.. plain.Append(0, tokens).SelectMany(row => row)], expected), 0.05, 10);
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Half_precision_is_as_good_as_what_it_holds(TensorType type)
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        IReadOnlyList<Tensor> weights = RandomWeights.Create(config, TinyModels.F32, seed: 1);
        LanguageModel model = new(config, weights);
        LoraAdapter adapter = Adapters.Create(config, seed: 2, rank: 7, type: type, isRankStabilized: true);
        using Run loaded = new(model, 8, 1), merged = new(Adapters.Merge(config, weights, adapter), 8, 1);

        float[] actual = [.. loaded.Append(0, [1, 2, 3], adapter: model.Fit(adapter)).SelectMany(row => row)];

        Assert.InRange(TinyModels.RelativeError(actual, Flat(merged.Append(0, [1, 2, 3]))), 0, 2e-5);
    }

    [Fact]
    public void An_adapter_leaves_the_scale_of_its_matrix_to_the_matrix()
    {
        ModelConfig config = TinyModels.Configs["qwen3"];
        IReadOnlyList<Tensor> weights = RandomWeights.Create(config, TinyModels.F32, seed: 1);
        LoraAdapter adapter = Adapters.Create(config, seed: 2);
        int[] tokens = TinyModels.RandomTokens(5, config.VocabularySize, 3);
        float[][] Logits(IEnumerable<Tensor> tensors)
        {
            LanguageModel model = new(config, tensors);
            using Run run = new(model, 8, 1);
            return run.Append(0, tokens, adapter: model.Fit(adapter));
        }

        // Twice the elements at half the scale are the same matrix: powers of two do not round.
        string[] names = ["blk.0.attn_v.weight", "blk.0.attn_output.weight", "blk.1.ffn_gate.weight", "blk.1.ffn_down.weight"];
        List<Tensor> scaled = [];
        foreach (Tensor tensor in weights)
        {
            if (!names.Contains(tensor.Name))
            {
                scaled.Add(tensor);
                continue;
            }

            float[] twice = [.. MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray().Select(value => 2 * value)];
            scaled.Add(Tensor.Copy(tensor.Name, TensorType.F32, tensor.Shape, MemoryMarshal.AsBytes<float>(twice)));
            string scale = tensor.Name.Replace(".weight", ".scale", StringComparison.Ordinal);
            scaled.Add(Tensor.Copy(scale, TensorType.F32, [1], BitConverter.GetBytes(0.5f)));
        }

        Assert.Equal(Logits(weights), Logits(scaled));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sequences_of_one_batch_are_what_each_is_alone(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        LanguageModel model = TinyModels.Create(name);

        // Two ranks, one of them twice; and the model as it is, in the middle and at the end.
        FittedAdapter first = model.Fit(Adapters.Create(config, 5)),
            second = model.Fit(Adapters.Create(config, 6)),
            third = model.Fit(Adapters.Create(config, 7, rank: 9));
        FittedAdapter?[] adapters = [first, null, second, second, third, first, null];
        int[][] prompts = [.. adapters.Select((_, i) => TinyModels.RandomTokens(2 + (3 * i), config.VocabularySize, i))];
        using Run together = new(model, 128, adapters.Length);

        // Prefill, and then a step of decoding; logits of the last token alone, so that rows move.
        List<(int Sequence, float[] Logits)> prefill = together.Step([.. prompts.Select((prompt, i) => (i, prompt))], logits: 1, adapters);
        List<(int Sequence, float[] Logits)> decode = together.Step(
            [.. prompts.Select((_, i) => (i, new[] { 11 + i }))],
            logits: 1,
            adapters);

        for (int i = 0; i < adapters.Length; i++)
        {
            using Run alone = new(model, 128, 1, threads: 1);
            Assert.Equal(alone.Append(0, prompts[i], logits: 1, adapters[i])[0], prefill[i].Logits);
            Assert.Equal(alone.Append(0, [11 + i], logits: 1, adapters[i])[0], decode[i].Logits);
        }
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("qwen3next")]
    public void A_step_allocates_nothing(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        FittedAdapter adapter = model.Fit(Adapters.Create(model.Config, 1)), other = model.Fit(Adapters.Create(model.Config, 2, rank: 3));
        using ModelRunner runner = new(model, new RunnerOptions { Threads = 1, Rows = 40, LogitRows = 3, Sequences = 3, Blocks = 3 });
        int[][] blocks = [[0], [1], [2]];
        void Step(int position)
        {
            runner.Batch.Clear();
            for (int i = 0; i < 3; i++)
                runner.Batch.Add([1, 2, 3, 4, 5, 6, 7], position, blocks[i], 1, slot: i, adapter: i == 0 ? adapter : i == 1 ? other : null);

            runner.Forward();
        }

        Assert.Equal(0, Allocations.Least(() =>
        {
            Step(0);
            Step(7);
            Step(14);
        }));
    }

    [Fact]
    public void What_does_not_fit_is_refused_by_its_name()
    {
        LanguageModel model = TinyModels.Create("qwen3"), tied = TinyModels.Create(Tied), experts = TinyModels.Create("qwen3moe");
        Random random = new(1);
        void Refused(LanguageModel where, string target, int columns, int rows, params string[] words)
        {
            LoraAdapter adapter = new("mine", where.Config.Architecture, 1, [Adapters.Pair(target, columns, rows, 2, random)]);
            string message = Assert.Throws<ModelLoadException>(() => where.Fit(adapter)).Message;
            Assert.All(["'mine'", $"'{target}'", .. words], word => Assert.Contains(word, message, StringComparison.Ordinal));
        }

        Refused(model, "blk.0.attn_k.weight", 64, 64, "[64, 64]", "[64, 32]");
        Refused(model, "blk.2.attn_q.weight", 64, 64, "none of this model's matrices");
        Refused(model, "blk.0.attn_norm.weight", 64, 1, "none of this model's matrices");
        Refused(model, "token_embd.weight", 64, 96, "[64, 96]", "[64, 97]");
        Refused(tied, "output.weight", 64, 97, "embedding table");
        Refused(tied, "token_embd.weight", 64, 97, "output head");
        Refused(experts, "blk.0.ffn_gate_exps.weight", 64, 32, "experts");
        Refused(experts, "blk.0.ffn_gate.3.weight", 64, 32, "experts");
        Assert.Contains(
            "'qwen2'",
            Assert.Throws<ModelLoadException>(() => model.Fit(Adapters.Create(TinyModels.Configs["qwen2"], 1))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_of_another_model_ends_a_pass()
    {
        LanguageModel model = TinyModels.Create("qwen3"), twin = TinyModels.Create("qwen3");
        using Run run = new(model, 4, 1);
        Assert.Throws<ArgumentException>(() => run.Append(0, [1], adapter: twin.Fit(Adapters.Create(twin.Config, 1))));
    }

    [Fact]
    public void Pairs_and_adapters_that_make_no_sense_are_refused()
    {
        Random random = new(1);
        Tensor a = Adapters.Matrix(64, 4, 1, random), b = Adapters.Matrix(4, 32, 1, random);
        Assert.Throws<ArgumentException>(() => new LoraPair("x", a, Adapters.Matrix(5, 32, 1, random)));
        Assert.Throws<ArgumentException>(() => new LoraPair("x", a, Tensor.Copy("b", TensorType.F64, [4, 32], new byte[8 * 4 * 32])));
        Assert.Throws<ArgumentException>(() => new LoraPair("x", a, b, float.NaN));
        LoraPair pair = new("x", a, b, 6);
        Assert.Throws<ArgumentException>(() => new LoraAdapter("y", "qwen3", 1, [pair, pair]));
        Assert.Throws<ArgumentException>(() => new LoraAdapter("y", "qwen3", 1, []));
        Assert.Throws<ArgumentException>(() => new LoraAdapter("y", "qwen3", float.PositiveInfinity, [pair]));
        Assert.Equal(1.5f, new LoraAdapter("y", "qwen3", 1, [pair]).ScaleOf(pair));
        Assert.Equal(3, new LoraAdapter("y", "qwen3", 1, [pair], isRankStabilized: true).ScaleOf(pair));
    }

    private static double[] Flat(float[][] rows) => [.. rows.SelectMany(row => row).Select(value => (double)value)];
}
