using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Tests;

namespace QwenSharp.Tokenizers.Tests.Training;

public class BpeTrainerTests
{
    private const string Text = """
        the cat sat on the mat and the dog ran to the other side of the street where there was a tree   with leaves
        if (x == 0) { return x + 1; } else { return x - 1; }    // aaaa aaaaaaaa bbbb abab abababab ---- ==== ....
        人工智能正在改变我们的生活，人工智能。 Привет, мир! Привет, друзья! é à ü ﬁ 😀😀🎉 don't we'll I've
        """;

    private static readonly BpeTrainerOptions NoAdded = new() { AddedTokens = [], EosToken = "", PadToken = "" };

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 64)]
    [InlineData(3, 64)]
    [InlineData(1, 4)]
    public void Agrees_with_counting_anew_before_each_merge(int minimumFrequency, int longestToken)
    {
        BpeTrainerOptions options = NoAdded with { VocabularySize = 400, MinimumFrequency = minimumFrequency, LongestToken = longestToken };
        Assert.Equal(NaiveTrainer.Merges([Text], options), MergesOf(Train([Text], options)));
    }

    [Fact]
    public void Words_kept_apart_are_the_same_tokens_wherever_they_stand()
    {
        BpeTokenizer apart = BpeTokenizer.Create(Train([Text], NoAdded with { VocabularySize = 500, KeepsWordsApart = true })),
            joined = BpeTokenizer.Create(Train([Text], NoAdded with { VocabularySize = 500 }));
        int word = Assert.Single(apart.Encode("the")),
            space = Assert.Single(apart.Encode(" ")),
            quote = Assert.Single(apart.Encode("\""));
        int[] expected = [word, space, word, space, quote, word, quote];

        Assert.Equal(expected, apart.Encode("the the \"the\""));
        Assert.Single(joined.Encode(" the"));
        Assert.Equal("Привет, the мир! 人工智能 é", apart.Decode(apart.Encode("Привет, the мир! 人工智能 é")));
    }

    [Fact]
    public void Agrees_with_counting_anew_on_random_texts_of_few_letters()
    {
        // Runs and equal counts everywhere: overlapping pairs, ties, and different ways to the same token.
        Random random = new(7);
        for (int i = 0; i < 60; i++)
        {
            string[] texts =
            [
                .. Enumerable
                    .Range(0, random.Next(1, 12))
                    .Select(_ => new string([.. Enumerable.Range(0, random.Next(30)).Select(_ => "aab c"[random.Next(5)])])),
            ];
            BpeTrainerOptions options = NoAdded with
            {
                VocabularySize = 256 + random.Next(60),
                MinimumFrequency = random.Next(1, 4),
                LongestToken = random.Next(2, 20),
            };
            Assert.Equal(NaiveTrainer.Merges(texts, options), MergesOf(Train(texts, options)));
        }
    }

    [Fact]
    public void Of_pairs_as_frequent_as_each_other_the_lower_ids_come_first() =>
        Assert.Equal(
            [("a", "b"), ("a", "c"), ("b", "a"), ("c", "b")],
            MergesOf(Train(["cb", "ba", "ac", "ab"], NoAdded with { MinimumFrequency = 1 })));

    [Fact]
    public void The_order_of_the_texts_does_not_matter()
    {
        Random random = new(8);
        string[] texts = [.. Enumerable.Range(0, 200).Select(_ => RandomText.Next(random))];
        BpeTrainerOptions options = new() { VocabularySize = 500 };
        List<(string, string)> expected = MergesOf(Train(texts, options));
        for (int i = 0; i < 5; i++)
        {
            random.Shuffle(texts);
            Assert.Equal(expected, MergesOf(Train(texts, options)));
        }
    }

    [Fact]
    public void Any_bytes_come_back_from_their_tokens()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(Train([Text], new() { VocabularySize = 400 }));
        Prop.ForAll<byte[]>(bytes =>
        {
            bytes ??= [];
            List<int> ids = [];
            tokenizer.EncodeBytes(bytes, ids);
            return ids.SelectMany(id => tokenizer.GetBytes(id).ToArray()).SequenceEqual(bytes);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_was_learnt_shortens_the_text_it_was_learnt_from_to_the_pieces_that_training_ended_with()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(Train([Text], NoAdded with { VocabularySize = 10_000, MinimumFrequency = 1 }));
        int[] ids = tokenizer.Encode(Text);
        Assert.Equal(Oracle.Split(Text, PreTokenizerPattern.Qwen2).Count(), ids.Length);
        Assert.Equal(Text, tokenizer.Decode(ids));
    }

    [Fact]
    public void The_alphabet_stands_first_as_in_Qwens_vocabulary()
    {
        BpeVocabulary vocabulary = Train([], NoAdded);
        Assert.Equal(256, vocabulary.Tokens.Count);
        Assert.Equal("!", Encoding.UTF8.GetString(vocabulary.Tokens[0]));
        Assert.Equal("\u0100", Encoding.UTF8.GetString(vocabulary.Tokens[188]));
    }

    [Fact]
    public void Added_tokens_stand_last_in_Qwens_order_and_nothing_is_learnt_from_them()
    {
        string text = string.Concat(Enumerable.Repeat("<|im_start|>ab<|im_end|><think>", 20));
        BpeVocabulary vocabulary = Train([text], new() { VocabularySize = 1000 });
        Assert.Equal([("a", "b")], MergesOf(vocabulary));

        BpeTokenizer tokenizer = BpeTokenizer.Create(vocabulary);
        Assert.Equal(257, tokenizer.AddedTokens[0].Id);
        Assert.Equal(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], tokenizer.AddedTokens.Take(3).Select(token => token.Content));
        Assert.Equal(tokenizer.AddedTokens[2].Id, tokenizer.EosId);
        Assert.Equal(tokenizer.AddedTokens[0].Id, tokenizer.PadId);
        Assert.Equal(282 + 1, tokenizer.VocabularySize);
        Assert.True(tokenizer.TryGetId("<think>", out int think) && !tokenizer.IsControl(think));
    }

    [Fact]
    public void Added_tokens_are_those_of_Qwen3()
    {
        BpeTokenizer published = BpeTokenizer.FromTokenizerJson(Fixtures.Require("tokenizers", "tokenizer.json"));
        Assert.Equal(
            published.AddedTokens.Select(token => token.Content),
            BpeTrainerOptions.Qwen3AddedTokens.Select(token => token.Content));
    }

    [Fact]
    public void Training_goes_on_from_what_was_counted()
    {
        BpeTrainer trainer = new(NoAdded with { MinimumFrequency = 1 });
        trainer.Add("ab");
        Assert.Equal([("a", "b")], MergesOf(trainer.Train(TestContext.Current.CancellationToken)));
        trainer.Add("cd cd"u8);
        Assert.Equal([("c", "d"), ("a", "b"), ("\u0120", "cd")], MergesOf(trainer.Train(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("ab")]
    [InlineData("=-")]
    [InlineData("人")]
    public void A_megabyte_without_a_break_takes_no_quadratic_time(string unit)
    {
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        BpeVocabulary vocabulary = Train([string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length))], NoAdded);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(3), $"{watch.Elapsed} for one megabyte");
        Assert.Contains(Enumerable.Range(0, vocabulary.Tokens.Count), id => vocabulary.Tokens[id].Length >= 32);
    }

    [Fact]
    public void Contradictions_are_refused()
    {
        Assert.Contains("282", Assert.Throws<ArgumentException>(() => new BpeTrainer(new() { VocabularySize = 281 })).Message);
        Assert.Contains(
            "twice",
            Assert.Throws<ArgumentException>(() => new BpeTrainer(NoAdded with { AddedTokens = [("x", true), ("x", false)] })).Message);
        Assert.Contains("<|im_end|>", Assert.Throws<ArgumentException>(() => new BpeTrainer(new() { AddedTokens = [] })).Message);
        Assert.Throws<ArgumentException>(() => new BpeTrainer(NoAdded with { AddedTokens = [("", true)] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BpeTrainer(new() { MinimumFrequency = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BpeTrainer(new() { LongestToken = 0 }));
    }

    [Fact]
    public void Cancelled_training_stops() =>
        Assert.Throws<OperationCanceledException>(() => BpeTrainer.Train([Text], cancellationToken: new CancellationToken(canceled: true)));

    private static BpeVocabulary Train(IEnumerable<string> texts, BpeTrainerOptions options) =>
        BpeTrainer.Train(texts, options, TestContext.Current.CancellationToken);

    private static List<(string, string)> MergesOf(BpeVocabulary vocabulary) =>
        [
            .. Enumerable
                .Range(0, vocabulary.Merges.Count)
                .Select(rank => Encoding.UTF8.GetString(vocabulary.Merges[rank]).Split(' '))
                .Select(pair => (pair[0], pair[1])),
        ];
}
