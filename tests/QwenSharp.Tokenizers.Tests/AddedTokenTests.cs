namespace QwenSharp.Tokenizers.Tests;

public class AddedTokenTests
{
    private static readonly BpeTokenizer Tokenizer = TinyVocabulary.Tokenizer;

    [Fact]
    public void The_call_decides_which_added_tokens_are_recognised()
    {
        const string Text = "<|im_start|>a<think>";
        int[] letter = Tokenizer.Encode("a");

        Assert.DoesNotContain(Tokenizer.Encode(Text, TokenParsing.None), id => id >= TinyVocabulary.ImStart);
        Assert.Equal([TinyVocabulary.Think], Tokenizer.Encode(Text, TokenParsing.Added).Where(id => id >= TinyVocabulary.ImStart));
        Assert.Equal([TinyVocabulary.ImStart, .. letter, TinyVocabulary.Think], Tokenizer.Encode(Text, TokenParsing.All));
        Assert.Equal(Tokenizer.Encode(Text, TokenParsing.Added), Tokenizer.Encode(Text));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tokenizer.Encode(Text, (TokenParsing)9));
    }

    [Fact]
    public void Text_is_cut_at_an_added_token_before_the_pattern_sees_it()
    {
        // "  b" alone is cut " | b"; here both spaces end their fragment.
        Assert.Equal([.. Tokenizer.Encode("a  "), TinyVocabulary.Think, .. Tokenizer.Encode("b")], Tokenizer.Encode("a  <think>b"));
    }

    [Fact]
    public void The_leftmost_longest_token_wins()
    {
        BpeTokenizer tokenizer = With(new(700, "<a", false), new(701, "<a>", false), new(702, "a>b", false), new(703, "<a>>>", false));
        Assert.Equal([701, .. Tokenizer.Encode("b")], tokenizer.Encode("<a>b"));
        Assert.Equal([700, 702], tokenizer.Encode("<aa>b"));
        Assert.Equal([701, .. Tokenizer.Encode(">x")], tokenizer.Encode("<a>>x"));
        Assert.Equal([703], tokenizer.Encode("<a>>>"));
    }

    [Fact]
    public void A_token_that_strips_swallows_the_white_space_beside_it()
    {
        BpeTokenizer tokenizer = With(
            new AddedToken(700, "[L]", false) { StripsLeft = true },
            new AddedToken(701, "[R]", false) { StripsRight = true });
        int[] a = Tokenizer.Encode("a");
        Assert.Equal([.. a, 700, .. Tokenizer.Encode(" b")], tokenizer.Encode("a \n\u3000[L] b"));
        Assert.Equal([.. a, .. Tokenizer.Encode(" "), 701, .. Tokenizer.Encode("b")], tokenizer.Encode("a [R] \t\u2003b"));
        Assert.Equal([701, 700], tokenizer.Encode("[R]  [L]"));
    }

    [Theory]
    [InlineData("cat", true)]
    [InlineData("a cat.", true)]
    [InlineData("cats", false)]
    [InlineData("_cat", false)]
    [InlineData("cat7", false)]
    [InlineData("écat", false)]
    [InlineData("cat\u0301", false)]
    [InlineData("-cat-", true)]
    public void A_single_word_token_is_found_only_by_itself(string text, bool isFound) =>
        Assert.Equal(isFound, With(new AddedToken(700, "cat", false) { SingleWord = true }).Encode(text).Contains(700));

    [Fact]
    public void A_normalized_token_is_looked_for_in_normalized_text()
    {
        BpeVocabulary vocabulary = TinyVocabulary.Vocabulary with { NormalizesToNfc = true };
        AddedToken plain = new(700, "é", false);
        Assert.Contains(700, BpeTokenizer.Create(vocabulary with { AddedTokens = [plain] }).Encode("xé"));
        Assert.DoesNotContain(700, BpeTokenizer.Create(vocabulary with { AddedTokens = [plain] }).Encode("xe\u0301"));
        Assert.Contains(
            700,
            BpeTokenizer.Create(vocabulary with { AddedTokens = [plain with { IsNormalized = true }] }).Encode("xe\u0301"));
        Assert.Throws<TokenizerFormatException>(() => With(new AddedToken(700, "x", IsControl: true) { IsNormalized = true }));
    }

    [Fact]
    public void Agrees_with_a_plain_search_on_random_text()
    {
        Random random = new(99);
        for (int i = 0; i < 3_000; i++)
        {
            string text = RandomText.Next(random);
            List<int> expected = [];
            foreach ((string part, AddedToken? token) in Search(text, (added, _) => !added.IsControl))
                expected.AddRange(token is null ? Tokenizer.Encode(part, TokenParsing.None) : [token.Id]);
            Assert.Equal(expected, Tokenizer.Encode(text));
        }
    }

    [Fact]
    public void A_forged_control_token_stays_text()
    {
        // Only what the template wrote counts, even where it and the text from outside join into a spelling.
        Assert.Equal([TinyVocabulary.ImStart], Controls("<|im_start|>", [(..12)]));
        Assert.Empty(Controls("<|im_start|>", []));
        Assert.Empty(Controls("<|im_start|>", [(..5), 6..12]));
        Assert.Empty(Controls("<|im_start|>", [1..]));
        Assert.Equal([TinyVocabulary.ImStart], Controls("<|im_start|>", [(..5), 5..12]));
        Assert.Equal([TinyVocabulary.ImStart, TinyVocabulary.ImEnd], Controls("<|im_start|>user <|im_end|> x<|im_end|>", [(..17), ^10..]));
        Assert.Equal([TinyVocabulary.ImEnd], Controls("😀<|im_end|>", [2..]));
        Assert.Empty(Controls("<|im_end|><|im_", [10..]));
    }

    [Fact]
    public void Where_nobody_forges_the_ranges_change_nothing()
    {
        Random random = new(123);
        for (int i = 0; i < 3_000; i++)
        {
            // Trust every control token and, beside them, text at random.
            string text = RandomText.Next(random);
            List<Range> trusted = [];
            int at = 0;
            foreach ((string part, AddedToken? token) in Search(text, (_, _) => true))
            {
                if (token is { IsControl: true } || random.Next(2) == 0)
                    trusted.Add(at..(at + part.Length));
                at += part.Length;
            }

            List<int> ids = [];
            Tokenizer.Encode(text, [.. trusted], ids);
            Assert.Equal(Tokenizer.Encode(text, TokenParsing.All), ids);
        }
    }

    [Fact]
    public void Control_tokens_come_only_from_trusted_text_whatever_the_ranges()
    {
        Random random = new(321);
        for (int i = 0; i < 3_000; i++)
        {
            string text = RandomText.Next(random);
            List<Range> trusted = [];
            for (int at = random.Next(6); at < text.Length; at += random.Next(8))
            {
                int end = Math.Min(text.Length, at + random.Next(30));
                trusted.Add(at..end);
                at = end;
            }

            bool IsTrusted(int index) => trusted.Any(range => range.Start.Value <= index && index < range.End.Value);
            List<int> expected = [];
            foreach (
                (string part, AddedToken? token) in Search(
                    text,
                    (added, start) => !added.IsControl || Enumerable.Range(start, added.Content.Length).All(IsTrusted)))
            {
                expected.AddRange(token is null ? Tokenizer.Encode(part, TokenParsing.None) : [token.Id]);
            }

            List<int> ids = [];
            Tokenizer.Encode(text, [.. trusted], ids);
            Assert.Equal(expected, ids);
        }
    }

    [Fact]
    public void Ranges_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Tokenizer.Encode("abc", [2..1], []));
        Assert.Throws<ArgumentException>(() => Tokenizer.Encode("abc", [(..4)], []));
        Assert.Throws<ArgumentException>(() => Tokenizer.Encode("abc", [1..2, 0..1], []));
        Assert.Throws<ArgumentException>(() => Tokenizer.Encode("abc", [(..2), 1..3], []));
    }

    [Fact]
    public void A_range_through_a_surrogate_pair_trusts_neither_half()
    {
        foreach (Range[] ranges in new Range[][] { [(..1)], [1..], [(..1), 1..], [1..1] })
        {
            List<int> ids = [];
            Tokenizer.Encode("😀<think>", ranges, ids);
            Assert.Equal(Tokenizer.Encode("😀<think>"), ids);
        }
    }

    [Fact]
    public void Tokens_are_found_by_their_spelling()
    {
        Assert.True(Tokenizer.TryGetId("<|im_end|>", out int id));
        Assert.Equal(TinyVocabulary.ImEnd, id);
        Assert.True(Tokenizer.IsControl(id));
        Assert.True(Tokenizer.TryGetId(" the", out id));
        Assert.Equal(" the", Tokenizer.Decode([id]));
        Assert.False(Tokenizer.IsControl(id));
        Assert.False(Tokenizer.TryGetId("no such token", out _));
    }

    private static BpeTokenizer With(params AddedToken[] tokens) =>
        BpeTokenizer.Create(TinyVocabulary.Vocabulary with { AddedTokens = tokens });

    private static List<int> Controls(string text, Range[] trusted)
    {
        List<int> ids = [];
        Tokenizer.Encode(text, trusted, ids);
        Assert.Equal(text, Tokenizer.Decode([.. ids]));
        return [.. ids.Where(Tokenizer.IsControl)];
    }

    /// <summary>The text in parts, each an added token that is allowed there or what lies between.</summary>
    private static List<(string Part, AddedToken? Token)> Search(string text, Func<AddedToken, int, bool> isAllowed)
    {
        List<(string, AddedToken?)> parts = [];
        int done = 0;
        for (int i = 0; i < text.Length; i++)
        {
            AddedToken? token = TinyVocabulary.AddedTokens
                .Where(added => string.CompareOrdinal(text, i, added.Content, 0, added.Content.Length) == 0 && isAllowed(added, i))
                .MaxBy(added => added.Content.Length);
            if (token is null)
                continue;

            if (i > done)
                parts.Add((text[done..i], null));
            parts.Add((token.Content, token));
            done = i + token.Content.Length;
            i = done - 1;
        }

        if (done < text.Length)
            parts.Add((text[done..], null));
        return parts;
    }
}
