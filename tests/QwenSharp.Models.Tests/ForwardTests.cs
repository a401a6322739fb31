using QwenSharp.Engine;
using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Models.Tests;

/// <summary>The forward pass against the double-precision reference, and against itself in other batches.</summary>
public class ForwardTests
{
    private const int Tokens = 70; // more than two KV blocks

    public static TheoryData<string> Names() => TinyModels.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_are_those_of_the_reference(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 3);
        int[] tokens = TinyModels.RandomTokens(Tokens, config.VocabularySize, 4);
        double[][] expected = new ReferenceModel(config, tensors).Logits(tokens);

        using Run run = new(new LanguageModel(config, tensors), maxRows: Tokens, sequences: 1);
        float[][] actual = run.Append(0, tokens);

        // What a state answers may be small beside its terms, and is normalised: single precision costs more digits there.
        double tolerance = config.Recurrent is null ? 2e-5 : 1e-4;
        Assert.All(Enumerable.Range(0, Tokens), p => Assert.InRange(TinyModels.RelativeError(actual[p], expected[p]), 0, tolerance));
    }

    [Theory]
    [InlineData("q8_0", 0.03)]
    [InlineData("q4_k_m", 0.06)]
    [InlineData("q5_0", 0.05)]
    [InlineData("bf16", 2e-3)]
    public void Quantised_weights_give_about_the_reference(string mix, double tolerance)
    {
        ModelConfig config = TinyModels.Config("qwen3", heads: 4, kvHeads: 2, headLength: 64) with { Width = 256, FeedForwardWidth = 512 };
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, WeightMix.Find(mix), seed: 3);
        int[] tokens = TinyModels.RandomTokens(5, config.VocabularySize, 4);
        double[][] expected = new ReferenceModel(config, tensors).Logits(tokens);

        using Run run = new(new LanguageModel(config, tensors), maxRows: 5, sequences: 1);
        float[][] actual = run.Append(0, tokens);

        Assert.All(Enumerable.Range(0, 5), p => Assert.InRange(TinyModels.RelativeError(actual[p], expected[p]), 0, tolerance));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Chunks_do_not_change_a_bit_of_any_family(string name) => CompareChunks(TinyModels.Create(name), TensorType.F32, [1, 33]);

    [Theory]
    [InlineData("f32", TensorType.F32)]
    [InlineData("f32", TensorType.F16)]
    [InlineData("q8_0", TensorType.F16)]
    [InlineData("q4_k_m", TensorType.F16)]
    public void Chunks_do_not_change_a_bit_of_any_type(string mix, TensorType kvType) =>
        CompareChunks(RandomWeights.CreateModel(TinyModels.WideExperts, WeightMix.Find(mix)), kvType, [1, 3, 31, 32, 33]);

    private static void CompareChunks(LanguageModel model, TensorType kvType, int[] chunks)
    {
        int[] tokens = TinyModels.RandomTokens(Tokens, model.Config.VocabularySize, 5);
        using Run whole = new(model, Tokens, 1, kvType), cut = new(model, Tokens, 1, kvType);
        float[][] expected = whole.Append(0, tokens);
        foreach (int chunk in chunks)
        {
            cut.Restart();
            float[][] actual = [.. tokens.Chunk(chunk).SelectMany(part => cut.Append(0, part))];
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Other_sequences_in_the_batch_do_not_change_a_bit(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[][] sequences = [.. Enumerable.Range(0, 4).Select(i => TinyModels.RandomTokens(20 + 9 * i, model.Config.VocabularySize, i))];
        using Run alone = new(model, 128, sequences: 4), together = new(model, 128, sequences: 4);
        float[][][] expected = [.. sequences.Select((tokens, i) => alone.Append(i, tokens))];

        // Uneven steps: while one sequence is prefilled, others decode.
        List<float[]>[] actual = [[], [], [], []];
        for (int step = 0; actual.Zip(sequences).Any(pair => pair.First.Count < pair.Second.Length); step++)
        {
            List<(int, int[])> parts = [];
            for (int i = 0; i < sequences.Length; i++)
            {
                int count = Math.Min((step + i) % 3 == 0 ? 7 : 1, sequences[i].Length - actual[i].Count);
                if (count > 0)
                    parts.Add((i, sequences[i][actual[i].Count..(actual[i].Count + count)]));
            }

            foreach ((int i, float[] logits) in together.Step(parts))
                actual[i].Add(logits);
        }

        Assert.Equal(expected, actual.Select(rows => rows.ToArray()));
    }

    [Theory]
    [InlineData("qwen3")]
    [InlineData("qwen2moe, a shared expert")]
    public void Threads_do_not_change_a_bit(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        int[] tokens = TinyModels.RandomTokens(Tokens, model.Config.VocabularySize, 5);
        using Run one = new(model, Tokens, 1, threads: 1), three = new(model, Tokens, 1, threads: 3);
        Assert.Equal(one.Append(0, tokens), three.Append(0, tokens));
    }

    [Fact]
    public void Only_the_rows_that_want_logits_get_them()
    {
        LanguageModel model = TinyModels.Create("qwen3");
        int[] tokens = TinyModels.RandomTokens(10, model.Config.VocabularySize, 5);
        using Run all = new(model, 10, 1), last = new(model, 10, 1);
        float[][] expected = all.Append(0, tokens);
        Assert.Empty(last.Append(0, tokens[..4], logits: 0));
        Assert.Equal(expected[7..], last.Append(0, tokens[4..], logits: 3));
    }

    [Theory]
    [InlineData("f32", false)]
    [InlineData("q4_k_m", false)]
    [InlineData("f32", true)]
    [InlineData("q8_0", true)]
    public void A_step_allocates_nothing(string mix, bool hasExperts)
    {
        ModelConfig config = hasExperts
            ? TinyModels.WideExperts
            : TinyModels.Config("qwen3", heads: 4, kvHeads: 2, headLength: 64) with { Width = 256, FeedForwardWidth = 512 };
        LanguageModel model = RandomWeights.CreateModel(config, WeightMix.Find(mix));
        using ModelRunner runner = new(model, new RunnerOptions { Threads = 1, Rows = 40, LogitRows = 2, Sequences = 2, Blocks = 4 });
        int[] blocks = [0, 1], others = [2, 3];
        void Step(int position)
        {
            runner.Batch.Clear();
            runner.Batch.Add([1, 2, 3, 4, 5, 6, 7], position, blocks, 1);
            runner.Batch.Add([1], position / 7, others, 1);
            runner.Forward();
        }

        // Which experts are hit decides how much scratch there is; it grows to what the first round needed.
        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int position = 0; position < 28; position += 7)
                Step(position);
        }));
    }

    [Fact]
    public void Final_hidden_states_come_with_logits_and_without()
    {
        ModelConfig config = TinyModels.Configs["qwen3"] with { ClassifierLabels = ["yes", "no", "perhaps"] };
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 3);
        LanguageModel model = new(config, tensors);
        int[] tokens = TinyModels.RandomTokens(6, config.VocabularySize, 4);
        ReferenceModel reference = new(config, tensors);
        double[][] hidden = reference.FinalHidden(tokens);
        using ModelRunner runner = new(
            model,
            new RunnerOptions { Threads = 2, Rows = 6, LogitRows = 2, Blocks = 1, KvType = TensorType.F32 });
        foreach (int scored in (int[])[2, 0])
        {
            runner.Batch.Clear();
            runner.Batch.Add(tokens, 0, [0], scored, kept: 2);
            runner.Logits.Row(0).Clear();
            runner.Forward();
            Assert.Equal(scored > 0, runner.Logits.Row(0).ContainsAnyExcept(0f));
            for (int row = 0; row < 2; row++)
                Assert.InRange(TinyModels.RelativeError(runner.FinalHidden.Row(row), hidden[4 + row]), 0, 2e-5);
        }

        runner.Classify();
        for (int row = 0; row < 2; row++)
            Assert.InRange(TinyModels.RelativeError(runner.Classes.Row(row), reference.Multiply("cls.output", hidden[4 + row])), 0, 2e-5);

        using ModelRunner plain = new(TinyModels.Create("qwen3"), new RunnerOptions { Threads = 1 });
        Assert.Equal(0, plain.Model.ClassifierOutputs);
        Assert.Throws<InvalidOperationException>(plain.Classify);
    }

    /// <summary>Rows whose hidden states are wanted and rows whose logits are: two numbers a sequence.</summary>
    [Theory]
    [InlineData("qwen3")]
    [InlineData("qwen35")]
    public void Rows_are_kept_without_being_scored(string name)
    {
        LanguageModel model = TinyModels.Create(name);
        FittedAdapter adapter = model.Fit(Adapters.Create(model.Config, 1));
        using ModelRunner runner = new(model, new RunnerOptions { Threads = 1, Rows = 16, LogitRows = 16, Sequences = 3, Blocks = 3 });
        (int Tokens, int Kept, int Scored, FittedAdapter? Adapter)[] parts = [(5, 4, 1, adapter), (4, 0, 0, null), (6, 6, 2, null)];
        (float[][] hidden, _) = Step(scores: false);
        (float[][] all, float[][] logits) = Step(scores: true);
        Assert.Equal(hidden, all);

        // The same rows, where every kept one is scored.
        runner.Batch.Clear();
        for (int i = 0; i < parts.Length; i++)
            Add(i, parts[i].Kept);

        runner.Forward();
        Assert.Equal(hidden, Rows(runner.FinalHidden, 10));
        float[][] every = Rows(runner.Logits, 10);
        Assert.Equal([every[3], every[8], every[9]], logits);
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Batch.Add([1], 0, [0], scored: 1, kept: 0));

        (float[][] Hidden, float[][] Logits) Step(bool scores)
        {
            runner.Batch.Clear();
            for (int i = 0; i < parts.Length; i++)
                Add(i, scores ? parts[i].Scored : 0);

            Assert.Equal([1, 2, 3, 4, 9, 10, 11, 12, 13, 14], runner.Batch.KeptRows);
            Assert.Equal(scores ? [4, 13, 14] : [], runner.Batch.ScoredRows);
            runner.Forward();
            return (Rows(runner.FinalHidden, 10), Rows(runner.Logits, runner.Batch.ScoredRows.Length));
        }

        void Add(int i, int scored) => runner.Batch.Add(
            TinyModels.RandomTokens(parts[i].Tokens, model.Config.VocabularySize, i),
            0,
            [i],
            scored,
            slot: i,
            adapter: parts[i].Adapter,
            kept: parts[i].Kept);

        static float[][] Rows(Activations from, int count) => [.. Enumerable.Range(0, count).Select(row => from.Row(row).ToArray())];
    }

    [Theory]
    [InlineData("qwen2vl, sections")]
    [InlineData("qwen3vl, interleaved, in part")]
    [InlineData("qwen3vlmoe")]
    public void Positions_in_images_turn_their_own_pairs(string name)
    {
        ModelConfig config = TinyModels.Configs[name];
        IReadOnlyList<Tensor> tensors = RandomWeights.Create(config, TinyModels.F32, seed: 3);
        int[] tokens = TinyModels.RandomTokens(12, config.VocabularySize, 4);

        // Three tokens of text, an image of 3 × 2 patches, and text from after the greatest of its parts on.
        GridPosition[] grid =
        [
            .. Enumerable.Range(0, 3).Select(p => new GridPosition(p, p, p)),
            .. Enumerable.Range(0, 6).Select(i => new GridPosition(3, 3 + i / 2, 3 + i % 2)),
            .. Enumerable.Range(6, 3).Select(p => new GridPosition(p, p, p)),
        ];
        double[][] expected = new ReferenceModel(config, tensors, grid).Logits(tokens);

        using Run run = new(new LanguageModel(config, tensors), maxRows: 12, sequences: 1);
        float[][] actual = [.. run.AppendAt(tokens[..5], grid[..5]), .. run.AppendAt(tokens[5..], grid[5..])];
        Assert.All(Enumerable.Range(0, 12), p => Assert.InRange(TinyModels.RelativeError(actual[p], expected[p]), 0, 2e-5));

        // In text the sections change nothing.
        run.Restart();
        float[][] text = run.AppendAt(tokens, [.. Enumerable.Range(0, 12).Select(p => new GridPosition(p, p, p))]);
        run.Restart();
        Assert.Equal(run.Append(0, tokens), text);
    }

    [Fact]
    public void Positions_in_images_are_refused_by_a_model_without_them()
    {
        using Run run = new(TinyModels.Create("qwen3"), maxRows: 4, sequences: 1);
        Assert.Throws<ArgumentException>(() => run.AppendAt([1, 2], [new GridPosition(0, 0, 0), new GridPosition(0, 1, 0)]));
    }

    [Fact]
    public void A_batch_refuses_what_does_not_fit()
    {
        Batch batch = new(maxRows: 4, maxSequences: 2);
        Assert.Throws<ArgumentException>(() => batch.Add([], 0, [0], 0));
        Assert.Throws<ArgumentException>(() => batch.Add([1, 2, 3, 4, 5], 0, [0], 0));
        Assert.Throws<ArgumentException>(() => batch.Add([1], KvStore.BlockTokens, [0], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add([1], 0, [0], scored: 2));
        Assert.Throws<ArgumentException>(() => batch.Add([1], 0, [0], 1, new GridPosition[2]));
        batch.Add([1], 0, [0], 1);
        batch.Add([1, 2], KvStore.BlockTokens - 1, [1, 2], 1);
        Assert.Throws<ArgumentException>(() => batch.Add([1], 0, [3], 0));
        Assert.Equal([0, 2], batch.ScoredRows);
        Assert.Equal([0, 31, 32], batch.Positions);
    }
}
