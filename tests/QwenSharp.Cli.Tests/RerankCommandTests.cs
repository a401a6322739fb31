using System.Globalization;
using System.Text.Json;
using QwenSharp.Models;

namespace QwenSharp.Cli.Tests;

public sealed class RerankCommandTests : IDisposable
{
    private static readonly string[] _documents = ["Beijing is the capital.", "Gravity pulls.", "A third one"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public RerankCommandTests() => _model = RandomCheckpoint.Write(_folder["rank.gguf"], Pooling.Rank, ["yes", "no"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_best_document_comes_first_with_its_score_and_number()
    {
        Invocation ranked = await Invocation.RunAsync(["rerank", _model, "--query", "capital?", .. _documents]);

        string[][] lines = [.. ranked.Out.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))];
        Assert.Equal((0, 3), (ranked.Code, lines.Length));
        double[] scores = [.. lines.Select(line => double.Parse(line[0], CultureInfo.InvariantCulture))];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.All(lines, line => Assert.Equal(_documents[int.Parse(line[1], CultureInfo.InvariantCulture) - 1], line[2]));
        Assert.Equal(_documents.Order(), lines.Select(line => line[2]).Order());
    }

    [Fact]
    public async Task Json_has_index_score_and_document()
    {
        Invocation given = await Invocation.RunAsync(["rerank", _model, "--query", "capital?", "--json", .. _documents]);
        Invocation read = await Invocation.WithInputAsync(string.Join('\n', _documents), "rerank", _model, "--query", "capital?", "--json");

        Assert.Equal(given.Out, read.Out);
        Assert.Equal("capital?", given.Json().GetProperty("query").GetString());
        foreach (JsonElement result in given.Json().GetProperty("results").EnumerateArray())
        {
            Assert.Equal(_documents[result.GetProperty("index").GetInt32()], result.GetProperty("document").GetString());
            Assert.InRange(result.GetProperty("score").GetDouble(), 0, 1);
        }
    }

    [Fact]
    public async Task An_instruction_changes_the_scores()
    {
        Invocation plain = await Invocation.RunAsync("rerank", _model, "--query", "q", "--json", "text");
        Invocation instructed = await Invocation.RunAsync(
            "rerank",
            _model,
            "--query",
            "q",
            "--json",
            "--instruction",
            "Find proofs",
            "text");

        Assert.NotEqual(plain.Out, instructed.Out);
    }

    [Fact]
    public async Task A_model_that_is_not_made_for_ranking_is_refused_unless_one_insists()
    {
        string chat = RandomCheckpoint.Write(_folder["chat.gguf"]);
        string named = RandomCheckpoint.Write(_folder["Qwen3-Reranker-Tiny.gguf"]);

        (await Invocation.RunAsync("rerank", chat, "--query", "q", "a")).AssertFails(ExitCode.Usage, "qwensharp pull qwen3-reranker:0.6b");
        Assert.Equal(ExitCode.Ok, (await Invocation.RunAsync("rerank", chat, "--query", "q", "a", "--pooling", "rank")).Code);
        Assert.Equal(ExitCode.Ok, (await Invocation.RunAsync("rerank", named, "--query", "q", "a")).Code);
        string embedder = RandomCheckpoint.Write(_folder["embedding.gguf"], Pooling.Last);
        (await Invocation.RunAsync("rerank", embedder, "--query", "q", "a")).AssertFails(ExitCode.Failure, "makes embeddings");
    }

    [Fact]
    public async Task What_is_missing_is_one_line()
    {
        (await Invocation.RunAsync("rerank", _model, "a")).AssertFails(ExitCode.Usage, "--query");
        (await Invocation.RunAsync("rerank", _model, "--query", "q")).AssertFails(ExitCode.Usage, "no document");
    }
}
