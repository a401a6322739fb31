using System.Text.Json;

namespace QwenSharp.Cli.Tests;

public sealed class BenchCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_has_the_figures()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

        JsonElement json = (
            await Invocation.RunAsync(
                "bench",
                model,
                "--prompt-tokens",
                "8",
                "--generate-tokens",
                "4",
                "--threads",
                "1",
                "--runs",
                "2",
                "--json")
        ).Json();

        foreach (
            string figure in (string[])
                [
                    "prefill_tokens_per_second",
                    "decode_tokens_per_second",
                    "memory_bandwidth_bytes_per_second",
                    "decode_bandwidth_share",
                    "load_seconds",
                    "peak_memory_bytes",
                    "predicted_memory_bytes",
                ])
        {
            Assert.True(json.GetProperty(figure).GetDouble() > 0, figure);
        }

        Assert.Equal(2, json.GetProperty("runs").GetArrayLength());
        Assert.Equal("F32", json.GetProperty("type").GetString());
        double share =
            json.GetProperty("weight_bytes").GetDouble()
            * json.GetProperty("decode_tokens_per_second").GetDouble()
            / json.GetProperty("memory_bandwidth_bytes_per_second").GetDouble();
        Assert.InRange(json.GetProperty("decode_bandwidth_share").GetDouble(), 0.3 * share, 3 * share);
    }

    [Fact]
    public async Task Tables_are_plain_text()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

        Invocation tables = await Invocation.RunAsync(
            "bench",
            model,
            "--prompt-tokens",
            "4",
            "--generate-tokens",
            "2",
            "--threads",
            "1",
            "--runs",
            "1");

        Assert.Equal(0, tables.Code);
        Assert.Contains("tokens/s", tables.Out);
        Assert.DoesNotContain('\e', tables.Out);
    }

    [Fact]
    public async Task Shapes_are_listed()
    {
        Assert.Contains("qwen3-4b\n", (await Invocation.RunAsync("bench", "--list-shapes")).Out.ReplaceLineEndings("\n"));
        Assert.Contains(
            "qwen3-0.6b",
            (await Invocation.RunAsync("bench", "--list-shapes", "--json")).Json().EnumerateArray().Select(name => name.GetString()));
    }
}
