namespace QwenSharp.Corpus.Tests;

/// <summary>What is held out is never trained on, and an exercise is the same wherever and whenever it is made.</summary>
public class SplitTests
{
    private const int TrainingExamples = 200_000;

    [Fact]
    public void No_held_out_prompt_is_in_the_training_part()
    {
        CorpusGenerator heldOut = new(1, Split.HeldOut);
        Exercise[] asked = [.. CorpusGenerator.Skills.SelectMany(skill => Enumerable.Range(0, 200).Select(i => heldOut.At(skill, i)))];
        HashSet<string> prompts = [.. asked.Select(exercise => exercise.PromptText())];

        // A question without anything around it must not be a turn of another conversation either, unless tools give it another answer
        // ("How is the weather in Paris?").
        HashSet<string> questions =
        [
            .. asked
                .Where(exercise => exercise.Prompt.Count == 1 && exercise.Conversation.Tools.Count == 0)
                .Select(exercise => exercise.Prompt[0].Content),
        ];
        CorpusGenerator training = new(1, Split.Train);
        string[] leaks =
        [
            .. ParallelEnumerable
                .Range(0, TrainingExamples)
                .Select(i => training.At(i))
                .Where(exercise =>
                    prompts.Contains(exercise.PromptText())
                    || (exercise.Kind == "no tool needed" || exercise.Skill != "tools")
                        && exercise.Prompt.Any(message => message.Role == "user" && questions.Contains(message.Content)))
                .Select(exercise => exercise.PromptText()),
        ];

        Assert.Empty(leaks);
    }

    [Fact]
    public void Other_seeds_train_on_no_held_out_prompt_either()
    {
        CorpusGenerator heldOut = new(1, Split.HeldOut), training = new(77, Split.Train);
        HashSet<string> prompts = [.. Enumerable.Range(0, 500).Select(i => heldOut.At(i).PromptText())];

        Assert.DoesNotContain(Enumerable.Range(0, 10_000), i => prompts.Contains(training.At(i).PromptText()));
    }

    [Theory]
    [InlineData("first")]
    [InlineData("last")]
    [InlineData("city")]
    [InlineData("item")]
    public void The_parts_share_no_values(string pool) =>
        Assert.Empty(Pools.Find(pool).Values(Split.Train).Intersect(Pools.Find(pool).Values(Split.HeldOut)));

    /// <summary>A list that is short enough to be known by heart is not copied from.</summary>
    [Theory]
    [InlineData("item", 1_000)]
    [InlineData("subject", 1_000)]
    [InlineData("message", 1_500)]
    [InlineData("color", 500)]
    [InlineData("town", 1_000)]
    [InlineData("person", 1_500)]
    [InlineData("email", 2_500)]
    [InlineData("file", 2_000)]
    [InlineData("title", 1_500)]
    [InlineData("address", 1_500)]
    [InlineData("company", 1_000)]
    public void Values_of_a_kind_are_many_and_the_parts_share_none(string kind, int least)
    {
        string[] train = Values(Split.Train), heldOut = Values(Split.HeldOut);

        Assert.True(train.Distinct().Count() >= least, $"{train.Distinct().Count()} of 3,000");
        Assert.Empty(train.Intersect(heldOut));

        string[] Values(Split split)
        {
            Draw draw = new(1, split);
            SlotKind slot = SlotKind.Parse(kind);
            return [.. Enumerable.Range(0, 3_000).Select(_ => slot.Draw(draw).Said)];
        }
    }

    [Fact]
    public void A_fifth_of_the_keys_is_held_out() =>
        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => StableHash.SplitOf($"key {i}") == Split.HeldOut), 1_850, 2_150);

    [Fact]
    public void An_exercise_does_not_depend_on_those_before_it()
    {
        CorpusGenerator one = new(5, Split.Train), other = new(5, Split.Train);
        string[] inOrder = [.. Enumerable.Range(0, 200).Select(i => JsonLines.Write(one.At(i).Conversation))];
        string[] backwards = [.. Enumerable.Range(0, 200).Reverse().Select(i => JsonLines.Write(other.At(i).Conversation)).Reverse()];

        Assert.Equal(inOrder, backwards);
    }

    [Fact]
    public void Seeds_differ() =>
        Assert.NotEqual(Lines(1), Lines(2));

    /// <summary>The reference output of SplitMix64 for seed 0 (Vigna, https://prng.di.unimi.it/splitmix64.c).</summary>
    [Fact]
    public void The_generator_is_SplitMix64()
    {
        Draw draw = new(0, Split.Train);

        Assert.Equal([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F], (ulong[])[draw.Next(), draw.Next(), draw.Next()]);
    }

    private static string[] Lines(ulong seed) =>
        [.. Enumerable.Range(0, 50).Select(i => JsonLines.Write(new CorpusGenerator(seed, Split.Train).At(i).Conversation))];
}
