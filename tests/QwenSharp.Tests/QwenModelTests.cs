using System.Text;
using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Formats;

namespace QwenSharp.Tests;

public sealed class QwenModelTests : IDisposable
{
    private static readonly SamplingOptions Greedy = new() { Temperature = 0 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_prompt_is_continued_until_the_model_ends_its_turn()
    {
        await using QwenModel model = Load(["Hello", ", ", "wor", "ld"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy });

        Assert.Equal("Hello, world", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(FinishReason.Stop, chunks[^1].Finish);
        Assert.Equal(new TextUsage(1, 5), chunks[^1].Usage);
        Assert.All(chunks[..^1], chunk => Assert.Null(chunk.Finish));
        Assert.Equal(4, chunks.Sum(chunk => chunk.Tokens.Count));
    }

    [Fact]
    public async Task A_limit_of_tokens_ends_the_answer_with_its_last_token()
    {
        await using QwenModel model = Load(["a", "b", "c"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy, MaxTokens = 2 });

        Assert.Equal("ab", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(FinishReason.Length, chunks[^1].Finish);
        Assert.Equal(2, chunks[^1].Usage!.CompletionTokens);
    }

    [Fact]
    public async Task A_stop_string_over_several_tokens_is_never_shown()
    {
        await using QwenModel model = Load(["one", " tw", "o th", "ree", " four"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy, Stop = ["two three"] });

        Assert.Equal("one ", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(FinishReason.Stop, chunks[^1].Finish);
        Assert.Equal(4, chunks[^1].Usage!.CompletionTokens);
        Assert.Equal(["one", " tw"], chunks.SelectMany(chunk => chunk.Tokens).Select(token => token.Text));
    }

    [Fact]
    public async Task Held_back_text_comes_when_the_answer_ends_without_the_stop_string()
    {
        await using QwenModel model = Load(["one", " tw"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy, Stop = [" two"] });

        Assert.Equal("one tw", string.Concat(chunks.Select(chunk => chunk.Text)));
    }

    [Fact]
    public async Task A_stop_string_ends_the_sequence_in_the_engine()
    {
        await using QwenModel model = Load(["one", "two", "three"]);

        await Complete(model, "\n", new() { Sampling = Endless(model), Stop = ["on"] });

        await UntilIdle(model);
        Assert.Equal(1, model.Engine.Statistics.Cancelled);
    }

    [Fact]
    public async Task A_consumer_that_leaves_ends_the_sequence()
    {
        await using QwenModel model = Load(["one"]);

        await foreach (
            TextChunk chunk in model.CompleteAsync(
                model.EncodePrompt("\n"),
                new() { Sampling = Endless(model) },
                TestContext.Current.CancellationToken))
        {
            break;
        }

        await UntilIdle(model);
        Assert.Equal(1, model.Engine.Statistics.Cancelled);
    }

    [Fact]
    public async Task Cancellation_ends_the_enumeration()
    {
        await using QwenModel model = Load(["one"]);
        using CancellationTokenSource stop = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (
                TextChunk chunk in model.CompleteAsync(model.EncodePrompt("\n"), new() { Sampling = Endless(model) }, stop.Token))
            {
                await stop.CancelAsync();
            }
        });
    }

    [Fact]
    public async Task Characters_cut_between_tokens_come_whole()
    {
        byte[] euro = Encoding.UTF8.GetBytes("€");
        await using QwenModel model = LoadBytes([euro[..1], euro[1..]]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy });

        Assert.Equal("€", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(2, chunks.First(chunk => chunk.Text.Length > 0).Tokens.Count);
    }

    [Fact]
    public async Task Log_probabilities_come_with_their_tokens()
    {
        await using QwenModel model = Load(["a", "b"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy, Logprobs = true, TopLogprobs = 2 });

        TextToken first = chunks.SelectMany(chunk => chunk.Tokens).First();
        Assert.Equal("a", first.Text);
        Assert.InRange(first.Logprob, -0.01f, 0);
        Assert.Equal(2, first.Top.Count);
        Assert.Equal("a", first.Top[0].Text);
        Assert.True(first.Top[0].Logprob >= first.Top[1].Logprob);
    }

    [Fact]
    public async Task Without_log_probabilities_tokens_have_none()
    {
        await using QwenModel model = Load(["a"]);

        List<TextChunk> chunks = await Complete(model, "\n", new() { Sampling = Greedy });

        Assert.True(float.IsNaN(chunks[0].Tokens[0].Logprob));
        Assert.Empty(chunks[0].Tokens[0].Top);
    }

    [Fact]
    public async Task Wrong_requests_are_refused_at_once()
    {
        await using QwenModel model = Load(["a"]);

        void Refuses(int[] prompt, TextGenerationOptions? options = null) =>
            Assert.ThrowsAny<ArgumentException>(() => model.CompleteAsync(prompt, options, TestContext.Current.CancellationToken));
        Refuses([]);
        Refuses(new int[100_000]);
        Refuses([1], new() { Stop = [""] });
        Refuses([1], new() { Sampling = new() { Temperature = -1 } });
        Refuses([1], new() { TopLogprobs = 1 });
    }

    [Fact]
    public async Task The_id_is_the_name_of_the_file_unless_another_is_given()
    {
        await using QwenModel named = QwenModel.Load(ScriptedCheckpoint.Write(_folder["tiny-q8.gguf"]));
        await using QwenModel renamed = QwenModel.Load(_folder["tiny-q8.gguf"], new() { Id = "other" });

        Assert.Equal("tiny-q8", named.Id);
        Assert.Equal("other", renamed.Id);
    }

    [Fact]
    public void Files_that_cannot_answer_say_why()
    {
        File.WriteAllText(_folder["text.gguf"], "not a model");
        string vocabulary = ScriptedCheckpoint.Write(_folder["vocabulary.gguf"], weights: false);

        Assert.Throws<FileNotFoundException>(() => QwenModel.Load(_folder["absent.gguf"]));
        Assert.Throws<GgufException>(() => QwenModel.Load(_folder["text.gguf"]));
        Assert.Contains("vocabulary", Assert.Throws<InvalidDataException>(() => QwenModel.Load(vocabulary)).Message);
    }

    [Fact]
    public async Task Control_tokens_of_a_plain_prompt_are_parsed()
    {
        await using QwenModel model = Load(["a"]);

        Assert.Single(model.EncodePrompt("<|im_end|>"));
    }

    private static async Task<List<TextChunk>> Complete(QwenModel model, string prompt, TextGenerationOptions options)
    {
        List<TextChunk> chunks = [];
        await foreach (TextChunk chunk in model.CompleteAsync(model.EncodePrompt(prompt), options, TestContext.Current.CancellationToken))
            chunks.Add(chunk);

        return chunks;
    }

    /// <summary>
    /// Forbids the end of the turn: the answer goes on to the end of the context, long enough to be ended by something else.
    /// </summary>
    private static SamplingOptions Endless(QwenModel model) =>
        Greedy with { LogitBias = model.StopTokens.ToDictionary(id => id, _ => -1e6f) };

    private static async Task UntilIdle(QwenModel model)
    {
        while (model.Engine.Statistics is { Cancelled: 0, Completed: 0 })
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }

    private QwenModel Load(string[] pieces) =>
        QwenModel.Load(ScriptedCheckpoint.Write(_folder["model.gguf"], pieces), new() { Threads = 1 });

    private QwenModel LoadBytes(byte[][] pieces) =>
        QwenModel.Load(
            ScriptedCheckpoint.Write(_folder["model.gguf"], [.. pieces.Select(Encoding.Latin1.GetString)], encoding: Encoding.Latin1),
            new() { Threads = 1 });
}
