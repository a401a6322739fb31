using QwenSharp.Formats;
using QwenSharp.Tokenizers;

namespace QwenSharp.Training.Tests.Data;

public class TrainingDataTests
{
    [Fact]
    public void Control_tokens_in_a_message_are_text()
    {
        using TemporaryFile file = new(".jsonl", Samples.Line("a<|im_end|><|im_start|>system", "b<|im_end|>c"));
        TrainingBatch batch = Samples.Load(file.Path).Batch(0, 1);
        Samples.Tokenizer.TryGetId("<|im_end|>", out int end);
        Samples.Tokenizer.TryGetId("<|im_start|>", out int start);
        Assert.Equal(2, batch.Targets.Count(token => token == end));
        Assert.Equal(2, batch.Tokens.Count(token => token == start));
        Assert.Equal(end, batch.Targets[batch.Segments[1] - 1]);
    }

    [Fact]
    public void A_token_that_begins_every_prompt_begins_every_example_and_is_not_learnt()
    {
        Samples.Tokenizer.TryGetId("<|endoftext|>", out int bos);
        using TemporaryFile file = new(".jsonl", Samples.Line("a", "b"));
        TrainingData plain = Samples.Load(file.Path),
            begun = Samples.Load(file.Path, tokenizer: BpeTokenizer.Create(Samples.Vocabulary with { BosId = bos, AddsBos = true }));

        Assert.Equal(
            (plain.Training.TokenCount + 1, plain.Training.LearntTokenCount),
            (begun.Training.TokenCount, begun.Training.LearntTokenCount));
        (TrainingBatch before, TrainingBatch now) = (plain.Batch(0, 1), begun.Batch(0, 1));
        int length = before.Segments[1];
        Assert.Equal(bos, now.Tokens[0]);
        Assert.Equal(before.Tokens[..length], now.Tokens[1..(length + 1)]);
        Assert.Equal(before.Weights[..length], now.Weights[1..(length + 1)]);
        Assert.Equal(0, now.Weights[0]);
    }

    [Fact]
    public void Tokens_fall_apart_by_example_everywhere_or_nowhere_and_say_the_same()
    {
        string[] lines =
        [
            .. Enumerable
                .Range(0, 300)
                .Select(i => Samples.Line($"the weather in Paris is sunny today {i}", $"the weather in Paris is sunny today {i}")),
        ];
        using TemporaryFile file = new(".jsonl", lines);
        TrainingData whole = Samples.Load(file.Path, new() { HeldOutShare = 0.3 }),
            apart = Samples.Load(file.Path, new() { HeldOutShare = 0.3, BpeDropout = 0.2 });

        Assert.Equal(Texts(whole.Training).Order(), Texts(apart.Training).Order());
        Assert.Equal(Examples(whole.HeldOut).Select(Text), Examples(apart.HeldOut).Select(Text));
        Assert.Equal(whole.HeldOut.TokenCount, apart.HeldOut.TokenCount);
        Assert.InRange(apart.Training.TokenCount, 1.05 * whole.Training.TokenCount, 3 * whole.Training.TokenCount);
        Assert.True(Examples(apart.Training).Select(tokens => tokens.Length).Distinct().Count() > 5);
        foreach (int[] tokens in Examples(apart.Training))
        {
            // Question and answer are the same words, and so the same tokens.
            string words = string.Join(' ', tokens),
                answer = string.Join(
                    ' ',
                    tokens.SkipLast(1).Reverse().TakeWhile(token => !Samples.Tokenizer.GetBytes(token).SequenceEqual("\n"u8)).Reverse());
            Assert.True(words.Split(answer).Length == 3, Text(tokens));
        }

        static IEnumerable<int[]> Examples(PackedExamples examples) =>
            examples
                .Batches(1)
                .SelectMany(row =>
                    Enumerable
                        .Range(0, row.Segments.Length - 1)
                        .Select(i => (Row: row, Part: row.Segments[i]..row.Segments[i + 1]))
                        .Where(segment => segment.Row.Weights[segment.Part].Any(weight => weight > 0))
                        .Select(segment => (int[])[.. segment.Row.Tokens[segment.Part], segment.Row.Targets[segment.Part][^1]]));
        static string Text(int[] tokens) => Samples.Tokenizer.Decode(tokens);
        static IEnumerable<string> Texts(PackedExamples examples) => Examples(examples).Select(Text);
    }

    [Fact]
    public void Documents_are_learnt_whole_and_end_with_their_mark()
    {
        using TemporaryFile lines = new(".jsonl", """{"text":"I am a model."}""");
        using TemporaryFile text = new(".txt", "I am a model.\n<|endoftext|>\n\n<|endoftext|>I am a <|im_end|>model.  \n");
        TrainingData fromLines = Samples.Load(lines.Path), fromText = Samples.Load(text.Path);
        int end = Samples.Tokenizer.PadId!.Value;
        int[] expected = [.. Samples.Tokenizer.Encode("I am a model.")[1..], end];

        Assert.Equal(expected, fromLines.Batch(0, 1).Targets[..expected.Length]);
        Assert.Equal(expected.Length, fromLines.Training.LearntTokenCount);
        Assert.Equal(2, fromText.Training.Count);
        int[] targets = fromText.Batch(0, 1).Targets;
        Assert.Equal(2, targets.Count(token => token == end));
        Assert.DoesNotContain(Samples.Tokenizer.EosId!.Value, targets);
    }

    [Fact]
    public void A_text_longer_than_a_row_is_divided_and_each_token_predicted_once()
    {
        int[] tokens = Samples.Tokenizer.Encode(string.Concat(Enumerable.Range(0, 200).Select(i => $"{i} ")).Trim());
        using TemporaryFile file = new(".txt", Samples.Tokenizer.Decode(tokens));
        TrainingData data = Samples.Load(file.Path, new() { SequenceLength = 50 });
        TrainingBatch[] rows = [.. Enumerable.Range(0, data.Training.RowCount).Select(step => data.Batch(step, 1))];
        int[] targets = [.. rows.SelectMany(row => row.Targets.Where(target => target >= 0))];
        Assert.Equal(
            [.. tokens[1..].Order(), Samples.Tokenizer.PadId!.Value],
            targets.OrderBy(target => target == Samples.Tokenizer.PadId).ThenBy(target => target));
        Assert.Equal(tokens.Length, data.Training.TokenCount);
    }

    [Fact]
    public void A_long_document_is_read_in_parts_that_end_with_a_line()
    {
        string line = new('x', 99);
        string[] documents =
        [
            string.Join('\n', Enumerable.Repeat(line, 6_000)),
            "short",
            string.Join('\n', Enumerable.Repeat("y", 200_000)),
            string.Concat(Enumerable.Repeat("😀", 300_000)),
        ];
        using TemporaryFile file = new(".txt", string.Join("<|endoftext|>", documents));
        List<string> read = [""];
        foreach (ExampleText part in TextFile.Read(file.Path))
        {
            read[^1] += part.Text;
            if (part.Kind == ExampleKind.Document)
                read.Add("");
            else if (part.Text.Contains('\n'))
                Assert.EndsWith("\n", part.Text);
        }

        Assert.Equal([.. documents, ""], read);
        Assert.InRange(TextFile.Read(file.Path).Count(), documents.Length + 3, 20);
    }

    [Fact]
    public void A_conversation_longer_than_a_row_is_cut_or_left_out_as_asked()
    {
        string[] lines = [Samples.Line("a", "b"), Samples.Line("a", new string('1', 100)), Samples.Line(new string('1', 100), "b")];
        using TemporaryFile file = new(".jsonl", lines);
        TrainingData cut = Samples.Load(file.Path, new() { SequenceLength = 40 });
        TrainingData dropped = Samples.Load(file.Path, new() { SequenceLength = 40, LongConversations = LongConversations.Drop });
        Assert.Equal((2, 1, 1), (cut.Training.Count, cut.CutCount, cut.DroppedCount));
        Assert.Equal((1, 0, 2), (dropped.Training.Count, dropped.CutCount, dropped.DroppedCount));
    }

    [Fact]
    public void Bad_lines_are_left_out_and_reported_where_asked()
    {
        using TemporaryFile file = new(".jsonl", "{", Samples.Line("a", "b"), "{}", "  ", "7");
        TrainingData data = Samples.Load(file.Path, new() { BadLines = BadLinePolicy.Skip });
        Assert.Equal(1, data.Training.Count);
        Assert.Equal([1, 3, 5], data.BadLines.Select(bad => bad.Line));
        Assert.All(data.BadLines, bad => Assert.StartsWith($"{file.Path}:{bad.Line}: ", bad.ToString()));
    }

    [Fact]
    public void A_share_is_held_out_and_stays_held_out_when_the_data_grows()
    {
        string[] lines = [.. Enumerable.Range(0, 2_000).Select(i => Samples.Line($"{i}", $"{i + 1}"))];
        using TemporaryFile few = new(".jsonl", lines[..1_000]);
        using TemporaryFile many = new(".jsonl", lines.Reverse());
        TrainingDataOptions options = new() { HeldOutShare = 0.1, SequenceLength = 64 };
        TrainingData small = Samples.Load(few.Path, options), large = Samples.Load(many.Path, options);
        Assert.InRange(large.HeldOut.Count, 140, 260);
        Assert.Equal(2_000, large.HeldOut.Count + large.Training.Count);
        Assert.Subset(Texts(large.HeldOut), Texts(small.HeldOut));
        Assert.Empty(Texts(large.HeldOut).Intersect(Texts(large.Training)));
        Assert.NotEqual(Texts(large.HeldOut), Texts(Samples.Load(many.Path, options with { Seed = 5 }).HeldOut));
    }

    [Fact]
    public void A_number_is_held_out_and_the_same_conversation_is_on_one_side()
    {
        using TemporaryFile file = new(".jsonl", Enumerable.Range(0, 500).Select(i => Samples.Line($"{i}", "x")));
        Assert.Equal(37, Samples.Load(file.Path, new() { HeldOutCount = 37 }).HeldOut.Count);

        using TemporaryFile twice = new(".jsonl", Enumerable.Range(0, 500).Select(i => Samples.Line($"{i % 250}", "x")));
        TrainingData data = Samples.Load(twice.Path, new() { HeldOutCount = 37 });
        Assert.Equal(38, data.HeldOut.Count);
        Assert.Empty(Texts(data.HeldOut).Intersect(Texts(data.Training)));
    }

    [Fact]
    public void Files_may_be_held_out()
    {
        using TemporaryFile training = new(".jsonl", Samples.Line("a", "b"));
        using TemporaryFile heldOut = new(".jsonl", Samples.Line("c", "d"), Samples.Line("e", "f"));
        TrainingData data = Samples.Load(training.Path, new() { HeldOutFiles = [heldOut.Path] });
        Assert.Equal((1, 2), (data.Training.Count, data.HeldOut.Count));
        Assert.Contains(Texts(data.HeldOut), text => text.Contains('e'));
    }

    [Fact]
    public void What_a_held_out_file_has_too_is_not_trained_on()
    {
        using TemporaryFile training = new(".jsonl", Samples.Line("a", "b"), Samples.Line("c", "d"), Samples.Line("c", "d"));
        using TemporaryFile heldOut = new(".jsonl", Samples.Line("c", "d"));
        TrainingData data = Samples.Load(training.Path, new() { HeldOutFiles = [heldOut.Path] });
        Assert.Equal((1, 1, 2), (data.Training.Count, data.HeldOut.Count, data.HeldOutCopies));
        Assert.DoesNotContain(Texts(data.Training), text => text.Contains("d<|im_end|>"));
        Assert.Contains(
            "1 are in the held-out files too",
            Assert.Throws<TrainingDataException>(() => Samples.Load(heldOut.Path, new() { HeldOutFiles = [heldOut.Path] })).Message);
    }

    [Fact]
    public void An_answer_of_weight_0_counts_for_nothing_where_prompts_count()
    {
        using TemporaryFile file = new(
            ".jsonl",
            """{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"wrong","weight":0},{"role":"user","content":"r"},{"role":"assistant","content":"right"}]}"""
        );
        TrainingBatch batch = Samples.Load(file.Path, new() { PromptLossWeight = 0.25f, SequenceLength = 128 }).Batch(0, 1);
        string Of(float weight) =>
            Samples.Tokenizer.Decode([.. batch.Targets.Where((target, i) => target >= 0 && batch.Weights[i] == weight)]);
        Assert.Equal("wrong<|im_end|>", Of(0).Trim());
        Assert.Equal("right<|im_end|>", Of(1).Trim());
        Assert.Contains("q<|im_end|>", Of(0.25f));
    }

    [Fact]
    public void Text_after_a_byte_order_mark_must_be_UTF_8_too()
    {
        using TemporaryFile file = new(".txt");
        File.WriteAllBytes(file.Path, [.. "\uFEFFabc"u8]);
        Assert.DoesNotContain(Texts(Samples.Load(file.Path).Training), text => text.Contains('\uFEFF'));
        File.WriteAllBytes(file.Path, [.. "\uFEFFa"u8, 0xE9, (byte)'b']);
        Assert.Contains(":1: the line is not UTF-8", Assert.Throws<TrainingDataException>(() => Samples.Load(file.Path)).Message);
    }

    [Fact]
    public void Lines_are_those_of_the_file_whatever_their_length_and_end()
    {
        Random random = new(14);
        string[] lines =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i => new string(
                    (char)('a' + i % 26),
                    random.Next(3) switch
                    {
                        0 => 0,
                        1 => random.Next(100),
                        _ => random.Next(1 << 18),
                    })),
        ];
        lines[30] = new string('z', 3 << 20);
        foreach (string end in new[] { "\n", "\r\n" })
        {
            foreach (string last in new[] { "", end })
            {
                using TemporaryFile file = new(".jsonl", "\uFEFF" + string.Join(end, lines) + last);
                IEnumerable<(long, string)> read = LineReader
                    .Read(file.Path)
                    .Select(line => (line.Number, System.Text.Encoding.UTF8.GetString(line.Line.Span).TrimEnd('\r')));
                Assert.Equal(lines.Select((line, index) => (index + 1L, line)).Where(line => line.line.Length > 0), read);
            }
        }
    }

    [Fact]
    public void Progress_ends_at_one_and_cancelled_work_stops()
    {
        using TemporaryFile file = new(".jsonl", Enumerable.Range(0, 5_000).Select(i => Samples.Line($"{i}", "x")));
        Told progress = new();
        TrainingData.Load(
            [file.Path],
            Samples.Tokenizer,
            Samples.PlainTemplate,
            progress: progress,
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, progress.Values[^1]);
        Assert.Equal(progress.Values.Order(), progress.Values);
        Assert.True(progress.Values.Count > 2);
        Assert.Throws<OperationCanceledException>(() =>
            TrainingData.Load(
                [file.Path],
                Samples.Tokenizer,
                Samples.PlainTemplate,
                cancellationToken: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using TemporaryFile good = new(".jsonl", Samples.Line("a", "b"));
        using TemporaryFile other = new(".csv", "a,b");
        using TemporaryFile empty = new(".jsonl");
        using TemporaryFile latin = new(".txt");
        File.WriteAllBytes(latin.Path, [(byte)'a', 0xE9, (byte)'b']);
        Assert.Contains(".txt", Assert.Throws<TrainingDataException>(() => Samples.Load(other.Path)).Message);
        Assert.Contains("there are no examples in it", Assert.Throws<TrainingDataException>(() => Samples.Load(empty.Path)).Message);
        Assert.Contains("UTF-8", Assert.Throws<TrainingDataException>(() => Samples.Load(latin.Path)).Message);
        Assert.Throws<FileNotFoundException>(() => Samples.Load(good.Path + ".jsonl"));
        Assert.Contains(
            "no chat template",
            Assert
                .Throws<TrainingDataException>(() =>
                    TrainingData.Load([good.Path], Samples.Tokenizer, null, cancellationToken: TestContext.Current.CancellationToken))
                .Message);
        foreach (
            TrainingDataOptions options in (TrainingDataOptions[])
                [
                    new() { SequenceLength = 1 },
                    new() { PromptLossWeight = float.NaN },
                    new() { HeldOutShare = 1 },
                    new() { HeldOutCount = -1 },
                    new() { HeldOutCount = 1, HeldOutShare = 0.1 },
                    new() { BpeDropout = 1 },
                    new() { BpeDropout = double.NaN },
                    new() { BpeDropout = 0.1, HeldOutCount = 1 },
                ])
        {
            Assert.Throws<ArgumentException>(() => Samples.Load(good.Path, options));
        }
    }

    [Fact]
    public void A_vocabulary_is_learnt_from_the_same_files_and_carried_by_the_models_file()
    {
        using TemporaryFile file = new(
            ".jsonl",
            Enumerable.Range(0, 200).Select(i => Samples.Line($"Who is the number {i}?", "The number is known.")));
        BpeVocabulary vocabulary = BpeTrainer.Train(
            TrainingData.Texts([file.Path], Samples.PlainTemplate), new() { VocabularySize = 400 }, TestContext.Current.CancellationToken);
        BpeTokenizer trained = BpeTokenizer.Create(vocabulary);
        Assert.True(trained.Encode(" number").Length == 1);

        using TemporaryFile gguf = new(".gguf");
        GgufWriter writer = new();
        TokenizerMetadata.Write(writer, vocabulary, 512, Samples.Plain);
        writer.Save(gguf.Path);
        using GgufFile read = GgufFile.Open(gguf.Path);
        GgufStringArray tokens = read.Metadata.GetStringArray("tokenizer.ggml.tokens"),
            merges = read.Metadata.GetStringArray("tokenizer.ggml.merges");
        Assert.True(read.Metadata.TryGetInt32Array("tokenizer.ggml.token_type", out int[]? types));
        BpeTokenizer loaded = BpeTokenizer.Create(BpeVocabulary.FromGguf(
            new(tokens.Count, index => tokens[index].Span), new(merges.Count, index => merges[index].Span), types,
            read.Metadata.GetString("tokenizer.ggml.model"), read.Metadata.GetString("tokenizer.ggml.pre")));
        string text = File.ReadAllText(file.Path) + "<|im_start|><think>";
        Assert.Equal(trained.Encode(text, TokenParsing.All), loaded.Encode(text, TokenParsing.All));
        Assert.Equal(512, loaded.VocabularySize);
        Assert.True(read.Metadata.TryGetInt32("tokenizer.ggml.eos_token_id", out int eos) && eos == trained.EosId);
        Assert.Equal(Samples.Plain, read.Metadata.GetString("tokenizer.chat_template"));
    }

    private static SortedSet<string> Texts(PackedExamples examples) =>
        new(
            from batch in examples.Batches(16)
            from segment in batch.Segments.Zip(batch.Segments.Skip(1))
            where batch.Targets[segment.First] >= 0
            select Samples.Tokenizer.Decode([batch.Tokens[segment.First], .. batch.Targets[segment.First..segment.Second]]),
            StringComparer.Ordinal);

    private sealed class Told : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }
}
