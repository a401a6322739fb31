using QwenSharp.Models;
using QwenSharp.Numerics;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>Many sequences, read in one batch for the sake of their last tokens.</summary>
public class LastTokenEvaluatorTests
{
    private static readonly ModelConfig _config = TinyModels.Configs["qwen3"] with { ClassifierLabels = ["yes", "no"] };
    private static readonly LanguageModel _model = RandomWeights.CreateModel(_config, TinyModels.F32, seed: 2);

    public static TheoryData<LastTokenOutput> Outputs => [.. Enum.GetValues<LastTokenOutput>()];

    [Theory]
    [MemberData(nameof(Outputs))]
    public void A_sequence_gives_the_same_alone_and_in_any_company(LastTokenOutput output)
    {
        Random random = new(7);
        int[][] sequences =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(i => TinyModels.RandomTokens(1 + random.Next(i % 10 == 9 ? 120 : 20), _config.VocabularySize, i)),
        ];
        float[][] alone = [.. sequences.SelectMany(sequence => Read([sequence], output, maxRows: 256, maxSequences: 1))];
        foreach ((int rows, int most) in ((int, int)[])[(256, 32), (16, 4), (33, 3), (1, 1), (50, 64)])
            Assert.Equal(alone, Read(sequences, output, rows, most));
    }

    [Fact]
    public void Logits_and_hidden_states_are_those_of_a_forward_pass()
    {
        int[] tokens = TinyModels.RandomTokens(20, _config.VocabularySize, 3);
        using SequenceEvaluator evaluator = new(_model, 64, threads: 1);
        Assert.Equal(evaluator.Append(tokens).ToArray(), Read([tokens], LastTokenOutput.Logits, 8, 2)[0]);
        Assert.Equal(_config.Width, Read([tokens], LastTokenOutput.Hidden, 8, 2)[0].Length);
        Assert.Equal(2, Read([tokens], LastTokenOutput.Classes, 8, 2)[0].Length);
    }

    [Fact]
    public void What_cannot_be_read_is_refused_by_its_number()
    {
        using LastTokenEvaluator evaluator = new(_model, threads: 1);
        void Refuse(string expected, params int[][] sequences) =>
            Assert.Contains(
                expected,
                Assert
                    .ThrowsAny<ArgumentException>(() =>
                        evaluator.Evaluate(sequences, LastTokenOutput.Hidden, (_, _) => Assert.Fail("Nothing was to be read.")))
                    .Message,
                StringComparison.Ordinal);

        Refuse("Text 2 is empty", [1], []);
        Refuse("Text 1 has 257 tokens", new int[257]);
        Refuse("Token 97 of text 1", [97]);
        evaluator.Evaluate([], LastTokenOutput.Hidden, (_, _) => Assert.Fail("There is nothing to read."));

        using LastTokenEvaluator plain = new(TinyModels.Create("qwen3"), threads: 1);
        Assert.Throws<InvalidOperationException>(() => plain.Evaluate([[1]], LastTokenOutput.Classes, (_, _) => { }));
    }

    [Fact]
    public void Work_that_was_cancelled_leaves_no_trace()
    {
        int[][] sequences = [.. Enumerable.Range(0, 30).Select(i => TinyModels.RandomTokens(100, _config.VocabularySize, i))];
        using LastTokenEvaluator evaluator = new(_model, threads: 1, TensorType.F32, maxRows: 64);
        for (int round = 0; round < 5; round++)
        {
            using CancellationTokenSource stop = new();
            Assert.Throws<OperationCanceledException>(() =>
                evaluator.Evaluate(sequences, LastTokenOutput.Hidden, (_, _) => stop.Cancel(), stop.Token));
        }

        float[]? values = null;
        evaluator.Evaluate([sequences[3]], LastTokenOutput.Logits, (_, logits) => values = logits.ToArray());
        Assert.Equal(Read([sequences[3]], LastTokenOutput.Logits, 64, 1)[0], values);
    }

    private static float[][] Read(int[][] sequences, LastTokenOutput output, int maxRows, int maxSequences)
    {
        using LastTokenEvaluator evaluator = new(_model, threads: 2, TensorType.F32, maxRows, maxSequences);
        List<float[]> read = [];
        evaluator.Evaluate(sequences, output, (sequence, values) =>
        {
            Assert.Equal(read.Count, sequence);
            read.Add(values.ToArray());
        });
        return [.. read];
    }
}
