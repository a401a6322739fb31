using System.Text.Json;
using QwenSharp.Numerics;

namespace QwenSharp.Cli.Tests;

public sealed class TrainingBenchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("full")]
    [InlineData("lora")]
    public async Task Json_has_the_figures_of_a_method(string method)
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

        JsonElement json = (
            await Invocation.RunAsync(
                "bench",
                model,
                "--train",
                method,
                "--sequence-length",
                "24",
                "--steps",
                "2",
                "--threads",
                "1",
                "--json")
        ).Json();

        foreach (
            string figure in (string[])
                [
                    "tokens_per_second",
                    "processors",
                    "peak_operations_per_second",
                    "bound_tokens_per_second",
                    "bound_share",
                    "operations_per_token",
                    "peak_memory_bytes",
                    "predicted_memory_bytes",
                    "machine_memory_bytes",
                ])
        {
            Assert.True(json.GetProperty(figure).GetDouble() > 0, figure);
        }

        Assert.Equal(
            (method, 2, 24),
            (
                json.GetProperty("method").GetString(),
                json.GetProperty("runs").GetArrayLength(),
                json.GetProperty("sequence_length").GetInt32()));
        Assert.Equal(method == "lora", json.GetProperty("trained_parameters").GetInt64() < json.GetProperty("parameters").GetInt64());
        double bound = json.GetProperty("peak_operations_per_second").GetDouble() / json.GetProperty("operations_per_token").GetDouble();
        Assert.Equal(bound, json.GetProperty("bound_tokens_per_second").GetDouble(), 1e-6 * bound);
    }

    [Fact]
    public async Task A_precision_is_measured_or_refused()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);
        string[] bench =
        [
            "bench", model, "--train", "full", "--sequence-length", "16", "--steps", "1", "--threads", "1", "--json", "--precision",
        ];

        Assert.Equal("F32", (await Invocation.RunAsync([.. bench, "f32"])).Json().GetProperty("precision").GetString());
        Invocation pairs = await Invocation.RunAsync([.. bench, "bf16"]);
        if (
            TrainingPrecisions.IsAvailable(
                TrainingPrecision.BF16,
                InstructionSets.Select(Environment.GetEnvironmentVariable(InstructionSets.Variable))))
        {
            Assert.Equal("BF16", pairs.Json().GetProperty("precision").GetString());
        }
        else
        {
            pairs.AssertFails(ExitCode.Failure, "BF16");
        }

        (await Invocation.RunAsync([.. bench, "f16"])).AssertFails(ExitCode.Usage, "--precision");
        (await Invocation.RunAsync("bench", model, "--precision", "f32")).AssertFails(ExitCode.Usage, "--precision goes with --train");
    }

    [Fact]
    public async Task Methods_are_measured_in_processes_of_their_own_and_told_in_a_table()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

        Invocation table = await Invocation.RunAsync(
            "bench",
            model,
            "--train",
            "--sequence-length",
            "16",
            "--steps",
            "1",
            "--rank",
            "4",
            "--threads",
            "1");

        Assert.Equal((0, ""), (table.Code, table.Error));
        Assert.Contains("full", table.Out);
        Assert.Contains("LoRA 4 over F32", table.Out);
        Assert.DoesNotContain("does not fit", table.Out);
        Assert.DoesNotContain('\e', table.Out);
    }

    [Fact]
    public async Task What_no_machine_has_memory_for_is_said_and_not_tried()
    {
        string[] huge = ["bench", "--shape", "qwen2.5-72b", "--train"];

        (await Invocation.RunAsync([.. huge, "full"])).AssertFails(ExitCode.Failure, "full of qwen2.5-72b takes 1");
        JsonElement[] all = [.. (await Invocation.RunAsync([.. huge, "--sequence-length", "100000", "--json"])).Json().EnumerateArray()];

        Assert.Equal(["full", "lora", "qlora"], all.Select(report => report.GetProperty("method").GetString()));
        Assert.All(
            all,
            report =>
                Assert.Equal(
                    (false, JsonValueKind.Null),
                    (report.GetProperty("fits").GetBoolean(), report.GetProperty("tokens_per_second").ValueKind)));
    }

    [Fact]
    public async Task What_cannot_be_trained_is_said_at_once() =>
        (await Invocation.RunAsync("bench", "--shape", "qwen3-30b-a3b", "--train", "qlora")).AssertFails(
            ExitCode.Failure,
            "'qwen3moe' cannot be trained");

    [Theory]
    [InlineData("--kv does not go with --train", "--train", "--kv", "f32")]
    [InlineData("--runs does not go with --train", "--train", "lora", "--runs", "2")]
    [InlineData("--save does not go with --train", "--train", "full", "--save", "x.gguf")]
    [InlineData("--steps goes with --train", "--steps", "2")]
    [InlineData("--rank is for adapters", "--train", "full", "--rank", "8")]
    [InlineData("--train full trains them all", "--train", "full", "--type", "bf16")]
    [InlineData("--type goes with --train lora", "--train", "--type", "bf16")]
    [InlineData("quantised: that is --train qlora", "--train", "lora", "--type", "q8_0")]
    [InlineData("not quantised: that is --train lora", "--train", "qlora", "--type", "f16")]
    [InlineData("'half'", "--train", "half")]
    public async Task Options_that_do_not_go_together_are_refused(string message, params string[] options) =>
        (await Invocation.RunAsync(["bench", "--shape", "qwen3-0.6b", .. options])).AssertFails(ExitCode.Usage, message);

    [Fact]
    public async Task A_file_is_measured_as_what_it_is()
    {
        string model = ScriptedCheckpoint.Write(_folder["model.gguf"]);

        (await Invocation.RunAsync("bench", model, "--train", "qlora")).AssertFails(ExitCode.Usage, "not quantised: that is --train lora");
    }
}
