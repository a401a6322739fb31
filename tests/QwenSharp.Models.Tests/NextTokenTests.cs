using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>Blocks that draft the token after next, against the double-precision reference.</summary>
public class NextTokenTests
{
    private const int Tokens = 40;
    private static readonly ModelConfig _config = TinyModels.Configs["qwen35moe, drafting"];
    private static readonly int[] _tokens = TinyModels.RandomTokens(Tokens, _config.VocabularySize, 9);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Drafts_are_those_of_the_reference(bool hasItsOwn)
    {
        List<Tensor> tensors = [.. RandomWeights.Create(_config, TinyModels.F32, seed: 3)];
        if (hasItsOwn)
        {
            tensors.Add(Random("blk.6.nextn.embed_tokens.weight", 1, _config.Width, _config.VocabularySize));
            tensors.Add(Random("blk.6.nextn.shared_head_head.weight", 2, _config.Width, _config.VocabularySize));
            tensors.Add(Random("blk.6.nextn.shared_head_norm.weight", 3, _config.Width));
        }

        double[][] expected = new ReferenceModel(_config, tensors).NextLogits(_tokens);
        float[][] actual = Drafts(new LanguageModel(_config, tensors), chunk: Tokens);
        Assert.All(Enumerable.Range(0, Tokens - 1), t => Assert.InRange(TinyModels.RelativeError(actual[t], expected[t]), 0, 1e-4));
    }

    /// <summary>
    /// Norms that are stored around zero, heads in another order, experts in stacks: all find their way into the block that drafts, too.
    /// </summary>
    [Fact]
    public void Drafts_of_a_folder_are_those_of_the_model_that_it_was_made_of()
    {
        DirectoryInfo path = Directory.CreateTempSubdirectory("qwensharp-models-");
        try
        {
            IReadOnlyList<Tensor> tensors = RandomWeights.Create(_config, TinyModels.F32, seed: 3);
            HuggingFaceFolder.Write(path.FullName, _config, tensors);
            using HuggingFaceCheckpoint folder = HuggingFaceCheckpoint.Open(path.FullName);
            float[][] expected = Drafts(new LanguageModel(_config, tensors), chunk: Tokens),
                actual = Drafts(LanguageModel.Load(folder), chunk: Tokens);

            // The logarithm under which a decay is stored is rounded on its way.
            Assert.All(
                Enumerable.Range(0, Tokens - 1),
                t => Assert.InRange(TinyModels.RelativeError(actual[t], [.. expected[t].Select(logit => (double)logit)]), 0, 1e-5));
        }
        finally
        {
            path.Delete(recursive: true);
        }
    }

    [Fact]
    public void Chunks_do_not_change_a_bit()
    {
        LanguageModel model = RandomWeights.CreateModel(_config, TinyModels.F32, seed: 3);
        float[][] expected = Drafts(model, chunk: Tokens);
        Assert.Equal(expected, Drafts(model, chunk: 1));
        Assert.Equal(expected, Drafts(model, chunk: 7));
    }

    [Fact]
    public void A_model_without_such_a_block_says_so()
    {
        LanguageModel model = TinyModels.Create("qwen35");
        using CpuCompute compute = new(threads: 1);
        Assert.Throws<InvalidOperationException>(() => model.CreateNextTokenKvStore(compute, TensorType.F16, 1));
        Assert.Throws<InvalidOperationException>(() => new ModelRunner(model, new RunnerOptions { Threads = 1, Drafts = true }));
        using ModelRunner runner = new(model, new RunnerOptions { Threads = 1, Blocks = 1 });
        using HostActivations hidden = new(1, model.Config.Width);
        runner.Batch.Add([1], 0, [0], 1);
        Assert.Throws<InvalidOperationException>(() => runner.PredictNext(hidden));
    }

    /// <summary>The drafts of every position but the last, in chunks of the sequence's own next tokens.</summary>
    private static float[][] Drafts(LanguageModel model, int chunk)
    {
        int[] blocks = [1, 0];
        using ModelRunner runner = new(model, new RunnerOptions
        {
            Threads = 2,
            Rows = Tokens,
            LogitRows = Tokens,
            Blocks = blocks.Length,
            KvType = TensorType.F32,
            Drafts = true,
        });
        using HostActivations hidden = new(Tokens, model.Config.Width);
        // The block needs the hidden states alone: no row pays for logits.
        runner.Batch.Add(_tokens, 0, blocks, scored: 0, kept: Tokens);
        runner.Forward();
        Assert.False(runner.Logits.Row(0).ContainsAnyExcept(0f));
        float[][] final = [.. Enumerable.Range(0, Tokens).Select(row => runner.FinalHidden.Row(row).ToArray())];

        List<float[]> logits = [];
        for (int t = 0; t < Tokens - 1; t += chunk)
        {
            int rows = Math.Min(chunk, Tokens - 1 - t);
            for (int row = 0; row < rows; row++)
                final[t + row].CopyTo(hidden.Row(row));

            // All at once: straight from the scratch memory.
            runner.Batch.Clear();
            runner.Batch.Add(_tokens.AsSpan(t + 1, rows), t, blocks, rows);
            runner.PredictNext(chunk == Tokens ? runner.FinalHidden : hidden);
            logits.AddRange(Enumerable.Range(0, rows).Select(row => runner.Logits.Row(row).ToArray()));
        }

        return [.. logits];
    }

    private static Tensor Random(string name, int seed, params long[] shape)
    {
        Random random = new(seed);
        float[] values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() - 0.4f;

        return Tensor.Copy(name, TensorType.F32, shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
