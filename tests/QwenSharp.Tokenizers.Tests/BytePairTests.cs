using System.Text;
using FsCheck;
using FsCheck.Fluent;
using QwenSharp.Tests;

namespace QwenSharp.Tokenizers.Tests;

public class BytePairTests
{
    private static readonly Dictionary<string, int> Ids =
        TinyVocabulary.Tokens().Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);

    private static readonly BpeTokenizer Tokenizer = TinyVocabulary.Tokenizer;

    [Fact]
    public void Agrees_with_the_definition_on_random_text()
    {
        Random random = new(42);
        for (int i = 0; i < 3_000; i++)
        {
            string text = RandomText.Next(random);
            List<int> expected =
            [
                .. Oracle.Split(text, PreTokenizerPattern.Qwen2).SelectMany(piece => Expected(Encoding.UTF8.GetBytes(piece))),
            ];
            Assert.Equal(expected, Tokenizer.Encode(text, TokenParsing.None));
        }
    }

    [Fact]
    public void Counting_that_ends_early_never_counts_too_many()
    {
        Random random = new(44);
        for (int i = 0; i < 20; i++)
        {
            string text = string.Concat(Enumerable.Range(0, 3_000).Select(_ => RandomText.Next(random)));
            int tokens = Tokenizer.Encode(text, TokenParsing.None).Length;
            Assert.InRange(Tokenizer.CountAtLeast(text, int.MaxValue), tokens * 9 / 10, tokens);
            Assert.InRange(Tokenizer.CountAtLeast(text, 1_000), 1_001, 1_000 + (1 << 16));
        }

        Assert.Equal(0, Tokenizer.CountAtLeast("", 5));
    }

    [Fact]
    public void Short_and_long_pieces_merge_alike()
    {
        // One piece of letters each; the length crosses from the plain search to the heap.
        Random random = new(43);
        string[] letters = ["a", "b", "aa", "ab", "the", "人", "工", "智", "и", "р"];
        for (int length = 1; length < 300; length += 3)
        {
            string piece = string.Concat(Enumerable.Range(0, length).Select(_ => letters[random.Next(letters.Length)]));
            Assert.Equal(Expected(Encoding.UTF8.GetBytes(piece)), Tokenizer.Encode(piece));
        }

        foreach (string run in new[] { "a", "ab", " ", "=", "\n", "." })
        {
            string piece = string.Concat(Enumerable.Repeat(run, 500));
            Assert.Equal(Expected(Encoding.UTF8.GetBytes(piece)), Tokenizer.Encode(piece));
        }
    }

    [Fact]
    public void A_token_splits_into_the_two_that_merge_into_it()
    {
        for (int id = 0; id < TinyVocabulary.Merges.Length; id++)
        {
            (string left, string right) = TinyVocabulary.Merges[id];
            Assert.True(Tokenizer.TrySplit(256 + id, out int first, out int second));
            Assert.Equal((Ids[left], Ids[right]), (first, second));
        }

        Assert.False(Tokenizer.TrySplit(17, out _, out _));
        Assert.False(Tokenizer.TrySplit(TinyVocabulary.ImStart, out _, out _));
        Assert.False(Tokenizer.TrySplit(TinyVocabulary.Think, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.TrySplit(Tokenizer.VocabularySize, out _, out _));
    }

    [Fact]
    public void A_token_that_no_merge_leads_to_is_not_taken_unless_merges_are_ignored()
    {
        // "xyz" is in the vocabulary, but its pieces do not merge.
        int id = Ids.Count;
        BpeVocabulary vocabulary = TinyVocabulary.Vocabulary with
        {
            Tokens = Utf8Strings.From([.. TinyVocabulary.Tokens(), "xyz"]),
            AddedTokens = [],
        };

        Assert.Equal(["x", "y", "z"], BpeTokenizer.Create(vocabulary).Encode("xyz").Select(token => Tokenizer.Decode([token])));
        Assert.Equal([id], BpeTokenizer.Create(vocabulary with { IgnoresMerges = true }).Encode("xyz"));
    }

    [Fact]
    public void Any_bytes_come_back_from_their_tokens() => Prop.ForAll<byte[]>(bytes =>
    {
        bytes ??= [];
        List<int> ids = [];
        Tokenizer.EncodeBytes(bytes, ids);
        return ids.SelectMany(id => Tokenizer.GetBytes(id).ToArray()).SequenceEqual(bytes);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_comes_back_from_its_tokens() => Prop.ForAll<NonNull<string>>(text =>
    {
        string valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
        return Enum.GetValues<TokenParsing>().All(parsing => Tokenizer.Decode(Tokenizer.Encode(valid, parsing)) == valid);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character() =>
        Assert.Equal(Tokenizer.Encode("a\uFFFDb\uFFFD"), Tokenizer.Encode("a\uD800b\uDC00"));

    [Fact]
    public void Encoding_into_a_list_of_enough_room_allocates_nothing()
    {
        string text = string.Concat(Enumerable.Repeat("the cat's <think>人工智能</think> 123 \n 😀\u0301 " + new string('a', 200), 50));
        BpeTokenizer tokenizer = BpeTokenizer.Create(TinyVocabulary.Vocabulary with { NormalizesToNfc = true });
        List<int> ids = new(text.Length * 3);
        tokenizer.Encode(text, ids);
        tokenizer.Encode(text, [(..5), 9..20], ids);

        Assert.Equal(0, Allocations.Least(() =>
        {
            ids.Clear();
            tokenizer.Encode(text, ids);
            tokenizer.Encode(text, [(..5), 9..20], ids);
        }));
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("ab")]
    [InlineData("7")]
    [InlineData("\n")]
    [InlineData(" \n\t")]
    [InlineData("人工智能")]
    [InlineData("\u0323\u0301")]
    [InlineData("<|")]
    [InlineData("=-")]
    public void A_megabyte_of_one_thing_takes_no_quadratic_time(string unit)
    {
        // Quadratic time would be many minutes.
        BpeTokenizer tokenizer = BpeTokenizer.Create(TinyVocabulary.Vocabulary with { NormalizesToNfc = true });
        string text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / Encoding.UTF8.GetByteCount(unit)));
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(text);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(3), $"{watch.Elapsed} for one megabyte");

        // Normalization sorts the marks by class, 220 before 230; the other texts it leaves alone.
        string expected = unit[0] == '\u0323' ? string.Concat(text.OrderBy(mark => mark != '\u0323')) : text;
        Assert.True(expected == tokenizer.Decode(ids));
    }

    [Fact]
    public void Many_threads_may_share_one_tokenizer()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Create(TinyVocabulary.Vocabulary);
        Random random = new(5);
        string[] texts = [.. Enumerable.Range(0, 500).Select(_ => RandomText.Next(random))];
        int[][] expected = [.. texts.Select(text => Tokenizer.Encode(text))];
        Parallel.For(0, texts.Length * 4, i => Assert.Equal(expected[i % texts.Length], tokenizer.Encode(texts[i % texts.Length])));
    }

    private static List<int> Expected(byte[] piece) => Oracle.Merge(piece, TinyVocabulary.Merges, Ids);
}
