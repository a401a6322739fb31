using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Tests;

namespace QwenSharp.Engine.Tests;

/// <summary>The sampler against its definition, written plainly: sort everything, cut, normalise.</summary>
public class SamplerTests
{
    private const int Vocabulary = 1000;

    [Fact]
    public void Temperature_zero_takes_the_highest_logit_and_the_lowest_id_among_equals()
    {
        float[] logits = Logits(1);
        logits[700] = logits[300] = logits[301] = 50;
        Assert.Equal(300, Sample(logits, new() { Temperature = 0 }).Id);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 2)]
    public void A_signed_zero_is_no_lower_than_another(int positive, int negative)
    {
        float[] logits = [.. Enumerable.Repeat(-1f, Vocabulary)];
        logits[10 + positive] = 0f;
        logits[10 + negative] = -0f;
        Assert.Equal(10 + Math.Min(positive, negative), Sample(logits, new() { Temperature = 0 }).Id);
    }

    public static TheoryData<float, int, float, float> Settings()
    {
        TheoryData<float, int, float, float> data = [];
        foreach (float temperature in (float[])[0.3f, 1, 2.5f])
        {
            foreach (
                (int topK, float topP, float minP) in ((int, float, float)[])
                    [
                        (0, 1, 0),
                        (5, 1, 0),
                        (0, 0.7f, 0),
                        (0, 1, 0.1f),
                        (40, 0.9f, 0),
                        (40, 0.9f, 0.05f),
                        (0, 0.95f, 0.02f),
                        (1, 1, 0),
                        (5000, 1, 0),
                        (0, 1e-6f, 0),
                        (3, 1, 1),
                    ])
            {
                data.Add(temperature, topK, topP, minP);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Draws_follow_the_distribution_that_the_options_define(float temperature, int topK, float topP, float minP)
    {
        float[] logits = Logits(7);
        SamplingOptions options = new() { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 11 };
        Dictionary<int, double> expected = Expected(logits, options);

        const int Draws = 20_000;
        Sampler sampler = new(Vocabulary);
        SamplingState state = new(options, [1]);
        Dictionary<int, int> counts = [];
        float[] row = new float[Vocabulary];
        for (int draw = 0; draw < Draws; draw++)
        {
            logits.CopyTo(row, 0);
            int id = sampler.Sample(row, state).Id;
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        Assert.Subset(expected.Keys.ToHashSet(), counts.Keys.ToHashSet());

        // Half the L1 distance of the frequencies from the distribution; n draws over k outcomes leave about √(k / 2πn).
        double distance = expected.Sum(pair => Math.Abs(pair.Value - counts.GetValueOrDefault(pair.Key) / (double)Draws)) / 2;
        Assert.InRange(distance, 0, 2 * Math.Sqrt(expected.Count / (2 * Math.PI * Draws)) + 0.003);
    }

    [Fact]
    public void Any_options_leave_exactly_the_tokens_of_the_definition()
    {
        Gen<(int, int, int, int, int)> gen =
            from seed in Gen.Choose(0, 100_000)
            from temperature in Gen.Choose(1, 30)
            from topK in Gen.Choose(0, 60)
            from topP in Gen.Choose(1, 100)
            from minP in Gen.Choose(0, 100)
            select (seed, temperature, topK, topP, minP);
        Prop.ForAll(
                gen.ToArbitrary(),
                values =>
                {
                    (int seed, int temperature, int topK, int topP, int minP) = values;
                    SamplingOptions options = new()
                    {
                        Temperature = temperature / 10f,
                        TopK = topK,
                        TopP = topP / 100f,
                        MinP = minP / 200f,
                        Seed = (ulong)seed,
                    };
                    float[] logits = Logits(seed);
                    HashSet<int> allowed = [.. Expected(logits, options, slack: 1e-5).Keys];
                    SamplingState state = new(options, [1]);
                    Sampler sampler = new(Vocabulary);
                    return Enumerable.Range(0, 5).All(_ => allowed.Contains(sampler.Sample([.. logits], state).Id));
                })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(4711, 1));
    }

    [Fact]
    public void A_seed_repeats_its_draws_and_another_does_not()
    {
        float[] logits = Logits(3);
        int[] Draw(ulong seed)
        {
            SamplingState state = new(new() { Seed = seed }, [1]);
            Sampler sampler = new(Vocabulary);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Sample([.. logits], state).Id)];
        }

        Assert.Equal(Draw(5), Draw(5));
        Assert.NotEqual(Draw(5), Draw(6));
    }

    [Fact]
    public void The_generator_gives_the_published_sequence()
    {
        // The state that SplitMix64 makes of seed 0 begins with its published first outputs; xoshiro256** follows from them.
        Xoshiro256 generator = new(0);
        ulong[] first = [generator.Next(), generator.Next(), generator.Next()];
        Assert.Equal([0x99EC5F36CB75F2B4UL, 0xBF6E1F784956452AUL, 0x1A5F849D4933E6E0UL], first);
    }

    [Fact]
    public void Repetition_penalty_looks_at_the_prompt_and_the_answer_within_its_window()
    {
        float[] logits = new float[Vocabulary];
        (logits[1], logits[2], logits[3], logits[4]) = (8, -4, 6, 5);
        List<int> tokens = [1, 2];
        SamplingState all = new(new() { RepetitionPenalty = 2 }, tokens),
            window = new(new() { RepetitionPenalty = 2, RepetitionWindow = 2 }, tokens);
        tokens.Add(3);
        all.Observe();
        window.Observe();

        Assert.Equal([4, -8, 3, 5], Adjusted(all));
        Assert.Equal([8, -8, 3, 5], Adjusted(window));

        float[] Adjusted(SamplingState state)
        {
            float[] row = [.. logits];
            state.Adjust(row);
            return row[1..5];
        }
    }

    [Fact]
    public void A_token_that_leaves_the_window_and_stays_elsewhere_in_it_keeps_its_penalty()
    {
        List<int> tokens = [7, 8, 7];
        SamplingState state = new(new() { RepetitionPenalty = 2, RepetitionWindow = 3 }, tokens);
        tokens.Add(9);
        state.Observe();
        float[] row = [.. Enumerable.Repeat(2f, 20)];
        state.Adjust(row);
        Assert.Equal([1, 1, 1, 2], row[7..11]);
    }

    [Fact]
    public void Presence_and_frequency_count_the_answer_only_and_bias_is_added()
    {
        List<int> tokens = [1, 1, 1];
        SamplingState state = new(
            new()
            {
                PresencePenalty = 0.5f,
                FrequencyPenalty = 0.25f,
                LogitBias = new Dictionary<int, float> { [4] = -3, [2] = 1 },
            },
            tokens);
        foreach (int token in (int[])[2, 2, 3])
        {
            tokens.Add(token);
            state.Observe();
        }

        float[] row = new float[Vocabulary];
        state.Adjust(row);
        Assert.Equal([0, 0, 1 - 0.5f - 0.5f, -0.75f, -3], row[..5]);
    }

    [Fact]
    public void Logprobs_are_those_of_the_model_before_anything_is_changed()
    {
        float[] logits = Logits(9);
        double logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        SamplingState state = new(new() { Temperature = 0.2f, LogitBias = new Dictionary<int, float> { [17] = 100 } }, [1]);
        GeneratedToken token = new Sampler(Vocabulary).Sample([.. logits], state, logprobs: true, top: 5);

        Assert.Equal(17, token.Id);
        Assert.Equal(logits[17] - logSum, token.Logprob, 1e-4);
        int[] best = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(id => logits[id]).Take(5)];
        Assert.Equal(best, token.Top.ToArray().Select(top => top.Id));
        Assert.All(token.Top.ToArray(), top => Assert.Equal(logits[top.Id] - logSum, top.Logprob, 1e-4));
        Assert.True(float.IsNaN(new Sampler(Vocabulary).Sample([.. logits], state).Logprob));
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.NaN, 999)]
    [InlineData(float.PositiveInfinity, 500)]
    public void Logits_that_are_not_numbers_are_an_error(float value, int at)
    {
        float[] logits = Logits(1);
        logits[at] = value;
        Assert.Throws<InvalidOperationException>(() => Sample(logits, new()));
        Assert.Throws<InvalidOperationException>(() => Sample(logits, new() { Temperature = 0 }));
    }

    [Fact]
    public void Tokens_of_no_probability_are_never_drawn()
    {
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, Vocabulary)];
        logits[123] = -2;
        foreach (
            SamplingOptions options in (SamplingOptions[])
                [
                    new(),
                    new() { TopK = 3 },
                    new() { TopP = 0.5f },
                    new() { MinP = 0.5f },
                    new() { Temperature = 0 },
                    new() { Temperature = 1e-30f },
                ])
        {
            Assert.Equal(123, Sample(logits, options).Id);
        }
    }

    public static TheoryData<string, SamplingOptions> Invalid() => new()
    {
        { "Temperature", new() { Temperature = -1 } },
        { "Temperature", new() { Temperature = float.NaN } },
        { "TopK", new() { TopK = -1 } },
        { "TopP", new() { TopP = 0 } },
        { "TopP", new() { TopP = 1.01f } },
        { "MinP", new() { MinP = -0.1f } },
        { "MinP", new() { MinP = float.NaN } },
        { "RepetitionPenalty", new() { RepetitionPenalty = 0 } },
        { "RepetitionWindow", new() { RepetitionWindow = 0 } },
        { "PresencePenalty", new() { PresencePenalty = float.PositiveInfinity } },
        { "FrequencyPenalty", new() { FrequencyPenalty = float.NaN } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [Vocabulary] = 1 } } },
        { "LogitBias", new() { LogitBias = new Dictionary<int, float> { [3] = float.NaN } } },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_option_without_meaning_is_refused_by_its_name(string name, SamplingOptions options) =>
        Assert.Equal(name, Assert.ThrowsAny<ArgumentException>(() => options.Validate(Vocabulary)).ParamName);

    [Fact]
    public void Sampling_allocates_nothing()
    {
        float[] logits = Logits(2), row = new float[Vocabulary];
        Sampler sampler = new(Vocabulary);
        SamplingState[] states =
        [
            new(new(), [1]), new(new() { Temperature = 0 }, [1]), new(new() { TopK = 20, TopP = 0.9f, MinP = 0.01f }, [1]),
            new(new() { TopP = 0.9f, RepetitionPenalty = 1.1f, LogitBias = new Dictionary<int, float> { [2] = 1 } }, [1]),
        ];
        void SampleAll()
        {
            foreach (SamplingState state in states)
            {
                logits.CopyTo(row, 0);
                sampler.Sample(row, state, logprobs: true, top: 0);
            }
        }

        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 20; i++)
                SampleAll();
        }));
    }

    private static GeneratedToken Sample(float[] logits, SamplingOptions options) =>
        new Sampler(logits.Length).Sample([.. logits], new SamplingState(options, [1]), logprobs: false, top: 0);

    private static float[] Logits(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => (float)(10 * random.NextDouble() * random.NextDouble() - 5))];
    }

    /// <summary>
    /// Probabilities after temperature, top-k, top-p and min-p. The slack lets a token pass that misses a bound by rounding.
    /// </summary>
    private static Dictionary<int, double> Expected(float[] logits, SamplingOptions options, double slack = 0)
    {
        double max = logits.Max();
        var ordered = logits.Select((logit, id) => (Id: id, Weight: Math.Exp((logit - max) / options.Temperature)))
            .OrderByDescending(token => token.Weight).ThenBy(token => token.Id).ToList();
        if (options.TopK > 0)
            ordered = [.. ordered.Take(options.TopK)];

        double total = ordered.Sum(token => token.Weight), before = 0;
        ordered = [.. ordered.TakeWhile(token =>
        {
            bool isKept = before == 0 || (before < options.TopP * total * (1 + slack) && token.Weight >= options.MinP * (1 - slack));
            before += token.Weight;
            return isKept;
        })];
        double kept = ordered.Sum(token => token.Weight);
        return ordered.ToDictionary(token => token.Id, token => token.Weight / kept);
    }
}
