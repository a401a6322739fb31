using System.Globalization;
using System.Text.Json;
using QwenSharp.Models;

namespace QwenSharp.Cli.Tests;

public sealed class EmbedCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EmbedCommandTests() => _model = RandomCheckpoint.Write(_folder["embedding.gguf"], Pooling.Last);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_is_a_line_of_numbers_whose_squares_sum_to_1()
    {
        Invocation embedded = await Invocation.RunAsync("embed", _model, "one", "two", "--dimensions", "24", "--threads", "1");

        string[] lines = embedded.Out.TrimEnd('\n').Split('\n');
        Assert.Equal((0, 2), (embedded.Code, lines.Length));
        Assert.All(lines, line =>
        {
            double[] numbers = [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
            Assert.Equal(24, numbers.Length);
            Assert.Equal(1, numbers.Sum(number => number * number), 1e-5);
        });
    }

    [Fact]
    public async Task Lines_of_standard_input_are_texts()
    {
        Invocation given = await Invocation.RunAsync("embed", _model, "one", "two", "--json");
        Invocation read = await Invocation.WithInputAsync("one\n\ntwo\r\n", "embed", _model, "--json");

        Assert.Equal(given.Out, read.Out);
        using JsonDocument second = JsonDocument.Parse(read.Out.Split('\n')[1]);
        Assert.Equal("two", second.RootElement.GetProperty("text").GetString());
        Assert.Equal(64, second.RootElement.GetProperty("embedding").GetArrayLength());
    }

    [Fact]
    public async Task An_instruction_stands_before_the_query()
    {
        Invocation asked = await Invocation.RunAsync("embed", _model, "why?", "--instruction", "Find answers");
        Invocation spelled = await Invocation.RunAsync("embed", _model, "Instruct: Find answers\nQuery:why?");

        Assert.Equal(spelled.Out, asked.Out);
    }

    [Fact]
    public async Task What_cannot_be_is_one_line()
    {
        (await Invocation.RunAsync("embed", _model, "a", "--dimensions", "65")).AssertFails(ExitCode.Failure, "65 dimensions");
        (await Invocation.RunAsync("embed", _model, "a", "--dimensions", "0")).AssertFails(ExitCode.Usage, "--dimensions");
        string ranker = RandomCheckpoint.Write(_folder["rank.gguf"], Pooling.Rank, ["yes", "no"]);
        (await Invocation.RunAsync("embed", ranker, "a")).AssertFails(ExitCode.Failure, "reranker");
    }

    [Fact]
    public async Task A_model_that_is_not_made_for_embeddings_is_refused_unless_one_insists()
    {
        string chat = RandomCheckpoint.Write(_folder["chat.gguf"]);
        string named = RandomCheckpoint.Write(_folder["My-Embedding.gguf"]);

        (await Invocation.RunAsync("embed", chat, "a")).AssertFails(ExitCode.Usage, "qwensharp pull qwen3-embedding:0.6b");
        (await Invocation.RunAsync("embed", chat, "a", "--pooling", "mean")).AssertFails(ExitCode.Usage, "must be last, not 'mean'");
        Assert.Equal(ExitCode.Ok, (await Invocation.RunAsync("embed", chat, "a", "--pooling", "last")).Code);
        Assert.Equal(ExitCode.Ok, (await Invocation.RunAsync("embed", named, "a")).Code);
    }
}
