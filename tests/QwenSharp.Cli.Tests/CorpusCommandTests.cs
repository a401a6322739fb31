using System.Text.Json;
using QwenSharp.Corpus;

namespace QwenSharp.Cli.Tests;

public sealed class CorpusCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_writes_the_generators_lines_in_their_order()
    {
        Invocation made = await Invocation.RunAsync(
            "corpus",
            "--output",
            _folder["c.jsonl"],
            "--examples",
            "300",
            "--seed",
            "5",
            "--statistics",
            _folder["s.json"]);

        CorpusGenerator generator = new(5, Split.Train);
        Assert.Equal((ExitCode.Ok, ""), (made.Code, made.Error));
        Assert.Equal(
            Enumerable.Range(0, 300).Select(i => JsonLines.Write(generator.At(i).Conversation)),
            File.ReadAllLines(_folder["c.jsonl"]));
        using JsonDocument statistics = JsonDocument.Parse(File.ReadAllText(_folder["s.json"]));
        Assert.Equal(300, statistics.RootElement.GetProperty("examples").GetInt32());
    }

    [Fact]
    public async Task The_held_out_part_is_another()
    {
        await Invocation.RunAsync("corpus", "--output", _folder["t.jsonl"], "--examples", "50");
        await Invocation.RunAsync(
            "corpus",
            "--output",
            _folder["h.jsonl"],
            "--examples",
            "50",
            "--held-out",
            "--statistics",
            _folder["s.md"]);

        Assert.Empty(File.ReadAllLines(_folder["t.jsonl"]).Intersect(File.ReadAllLines(_folder["h.jsonl"])));
        Assert.Contains("| tools |", File.ReadAllText(_folder["s.md"]));
    }

    [Fact]
    public async Task One_skill_alone_may_be_asked_for()
    {
        await Invocation.RunAsync("corpus", "--output", _folder["p.jsonl"], "--examples", "50", "--skill", "phrases");

        CorpusGenerator generator = new(1, Split.Train);
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => JsonLines.Write(generator.At("phrases", i).Conversation)),
            File.ReadAllLines(_folder["p.jsonl"]));
    }

    [Fact]
    public async Task What_cannot_be_is_one_line()
    {
        (await Invocation.RunAsync("corpus", "--output", _folder["c.jsonl"], "--skill", "dancing")).AssertFails(ExitCode.Usage, "--skill");
        (await Invocation.RunAsync("corpus")).AssertFails(ExitCode.Usage, "--output");
        (await Invocation.RunAsync("corpus", "--output", _folder["c.jsonl"], "--examples", "0")).AssertFails(ExitCode.Usage, "--examples");
        (await Invocation.RunAsync("corpus", "--output", _folder["absent/c.jsonl"], "--examples", "1")).AssertFails(
            ExitCode.Failure,
            "absent");
    }
}
