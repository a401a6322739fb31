using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training.Tests.Data;

public class PackingTests
{
    [Fact]
    public void An_example_is_read_up_to_its_last_token_and_predicted_from_its_second()
    {
        using TemporaryFile file = new(".jsonl", Samples.Line("Who are you?", "I am a model."));
        TrainingBatch batch = Samples.Load(file.Path, new() { SequenceLength = 64, PromptLossWeight = 0.25f }).Batch(0, 1);

        List<int> prompt = [], answer = [];
        Samples.Tokenizer.Encode("<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n", [Range.All], prompt);
        Samples.Tokenizer.Encode("I am a model.<|im_end|>", [Range.All], answer);
        int[] tokens = [.. prompt, .. answer];
        int length = tokens.Length - 1, padding = 64 - length;
        Assert.Equal([.. tokens[..^1], .. Enumerable.Repeat(Samples.Tokenizer.PadId!.Value, padding)], batch.Tokens);
        Assert.Equal([.. tokens[1..], .. Enumerable.Repeat(-1, padding)], batch.Targets);
        Assert.Equal(
            [.. Enumerable.Repeat(0.25f, prompt.Count - 1), .. Enumerable.Repeat(1f, answer.Count), .. new float[padding]],
            batch.Weights);
        Assert.Equal([.. Enumerable.Range(0, length), .. Enumerable.Range(0, padding)], batch.Positions);
        Assert.Equal([0, length, 64], batch.Segments);
    }

    [Fact]
    public void Rows_hold_every_example_once_and_none_sees_another() =>
        Prop.ForAll(
                Gen.Choose(0, 30).ListOf().Where(list => list.Count > 0).ToArbitrary(),
                Gen.Choose(20, 60).ToArbitrary(),
                Gen.Choose(1, 4).ToArbitrary(),
                (lengths, sequenceLength, rows) =>
                {
                    ExampleStore store = new(vocabularySize: 100_000);
                    List<int[]> examples = [];
                    foreach (int length in lengths)
                    {
                        // All tokens are different, so that an example is known by them; the second half of each is learnt.
                        int[] tokens =
                        [
                            .. Enumerable.Range(examples.Sum(example => example.Length) + 65_000, Math.Min(length, sequenceLength - 1) + 2),
                        ];
                        Assert.True(
                            store.Add([.. tokens], [new TokenRange(tokens.Length / 2, tokens.Length, IsLearnt: true)], 0, tokens.Length));
                        examples.Add(tokens);
                    }

                    PackedExamples packed = new(store, [.. Enumerable.Range(0, store.Count)], sequenceLength, 0.5f, padding: 7);
                    List<int[]> seen = [];
                    long read = 0,
                        learnt = 0;
                    foreach (TrainingBatch batch in packed.Batches(rows))
                    {
                        Assert.Equal(0, batch.Tokens.Length % sequenceLength);
                        Assert.Equal(0, batch.Segments[0]);
                        Assert.Equal(batch.Tokens.Length, batch.Segments[^1]);
                        Assert.All(
                            Enumerable.Range(1, batch.Tokens.Length / sequenceLength),
                            row => Assert.Contains(row * sequenceLength, batch.Segments));
                        foreach ((int start, int end) in batch.Segments.Zip(batch.Segments.Skip(1)))
                        {
                            Assert.True(start < end);
                            Assert.Equal(Enumerable.Range(0, end - start), batch.Positions[start..end]);
                            if (batch.Targets[start] == -1)
                            {
                                Assert.All(batch.Weights[start..end], weight => Assert.Equal(0, weight));
                                Assert.All(batch.Tokens[start..end], token => Assert.Equal(7, token));
                                Assert.Equal(0, end % sequenceLength);
                                continue;
                            }

                            int[] tokens = [batch.Tokens[start], .. batch.Targets[start..end]];
                            Assert.Equal(tokens[..^1], batch.Tokens[start..end]);
                            Assert.Equal(
                                Enumerable.Range(1, tokens.Length - 1).Select(i => i >= tokens.Length / 2 ? 1f : 0.5f),
                                batch.Weights[start..end]);
                            seen.Add(tokens);
                            read += end - start;
                            learnt += batch.Weights[start..end].Count(weight => weight == 1);
                        }
                    }

                    Assert.Equal(examples.OrderBy(tokens => tokens[0]), seen.OrderBy(tokens => tokens[0]));
                    Assert.Equal((packed.TokenCount, packed.LearntTokenCount, packed.Count), (read, learnt, examples.Count));
                    Assert.Equal((double)read / (packed.RowCount * sequenceLength), packed.Fill, 12);
                })
            .Check(Config.QuickThrowOnFailure.WithReplay(12, 13));

    [Fact]
    public void Short_examples_fill_the_rows()
    {
        Random random = new(13);
        ExampleStore store = new(300);
        for (int i = 0; i < 5_000; i++)
        {
            int length = random.Next(30, 400);
            store.Add([.. Enumerable.Repeat(5, length)], [new TokenRange(0, length, IsLearnt: true)], 0, length);
        }

        Assert.InRange(new PackedExamples(store, [.. Enumerable.Range(0, store.Count)], 1024, 0, 0).Fill, 0.97, 1);
    }

    [Fact]
    public void A_step_has_the_same_batch_in_every_run_and_an_epoch_has_every_row_once()
    {
        using TemporaryFile file = new(".jsonl", Enumerable.Range(0, 300).Select(i => Samples.Line($"Who is {i}?", $"I am {i * 7}.")));
        TrainingDataOptions options = new() { SequenceLength = 128, Seed = 3 };
        TrainingData data = Samples.Load(file.Path, options),
            again = Samples.Load(file.Path, options),
            other = Samples.Load(file.Path, options with { Seed = 4 });
        const int rows = 3;
        long steps = 2L * data.Training.RowCount; // As many rows as 2·3 epochs have.

        // Out of order, as after a resumed run.
        foreach (long step in new[] { steps - 1, 5, 0, steps / 2 })
            AssertSame(data.Batch(step, rows), again.Batch(step, rows));

        string[][] epochs =
        [
            .. Enumerable.Range(0, (int)steps).SelectMany(step => Rows(data.Batch(step, rows), 128)).Chunk(data.Training.RowCount),
        ];
        Assert.Equal(6, epochs.Length);
        Assert.All(epochs, epoch => Assert.Equal(epochs[0].Order(StringComparer.Ordinal), epoch.Order(StringComparer.Ordinal)));
        Assert.Equal(6, epochs.Select(epoch => string.Join('|', epoch)).Distinct().Count());
        Assert.NotEqual(data.Batch(0, rows).Tokens, other.Batch(0, rows).Tokens);

        // In parts a step is the same rows, the last part with what is left.
        IReadOnlyList<TrainingBatch> parts = data.Batches(7, 5, 2);
        Assert.Equal([2, 2, 1], parts.Select(part => part.Tokens.Length / 128));
        Assert.Equal(data.Batch(7, 5).Tokens, parts.SelectMany(part => part.Tokens));
    }

    [Fact]
    public void Epochs_are_as_many_passes_as_asked_for_but_for_the_rows_that_fill_the_last_step()
    {
        using TemporaryFile file = new(".jsonl", Samples.Line("a", "b"));
        TrainingData one = Samples.Load(file.Path, new() { SequenceLength = 128 });
        Assert.Equal(1, one.Training.RowCount);
        Assert.Equal([1, 2, 3, 8], new double[] { 4, 5, 12, 30 }.Select(epochs => one.StepsOf(epochs, rows: 4)));
        Assert.Equal(3, one.StepsOf(2.5, rows: 1));
    }

    [Fact]
    public void Tokens_beyond_sixteen_bits_are_kept()
    {
        BpeVocabulary wide = Samples.Vocabulary with
        {
            AddedTokens = [.. Samples.Vocabulary.AddedTokens, new AddedToken(150_000, "<wide>", false)],
        };
        using TemporaryFile file = new(".jsonl", Samples.Line("a", "<wide>"));
        Assert.Contains(150_000, Samples.Load(file.Path, tokenizer: BpeTokenizer.Create(wide)).Batch(0, 1).Targets);
    }

    private static IEnumerable<string> Rows(TrainingBatch batch, int sequenceLength) =>
        batch.Tokens.Chunk(sequenceLength).Select(row => string.Join(',', row));

    private static void AssertSame(TrainingBatch expected, TrainingBatch actual)
    {
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.Equal(expected.Targets, actual.Targets);
        Assert.Equal(expected.Weights, actual.Weights);
        Assert.Equal(expected.Segments, actual.Segments);
    }
}
