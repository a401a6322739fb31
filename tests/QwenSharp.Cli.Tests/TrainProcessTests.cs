using System.Diagnostics;

namespace QwenSharp.Cli.Tests;

/// <summary>Training as a process that is killed and interrupted: it ends where an unbroken run does, bit for bit.</summary>
public sealed class TrainProcessTests : IDisposable
{
    private readonly TinyTraining _training = new();

    public void Dispose() => _training.Dispose();

    [Fact]
    public async Task Killed_again_and_again_a_run_ends_with_the_weights_and_losses_of_an_unbroken_one()
    {
        Invocation whole = await Invocation.RunAsync("train", _training.WriteConfig("whole"));
        Assert.Equal(0, whole.Code);

        // An evaluation is shown right before its checkpoint is written, and a step after it goes on while later lines are read.
        string config = _training.WriteConfig("killed");
        foreach (int lines in (int[])[1, 3, 2])
        {
            using Process process = Start(config);
            for (int i = 0; i < lines; i++)
                await process.StandardOutput.ReadLineAsync(Stop);

            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(Stop);
        }

        File.WriteAllText(Path.Combine(_training["killed"], "checkpoint.safetensors.0123.partial"), "what a kill leaves");
        Invocation rest = await Invocation.RunAsync("train", config);

        Assert.Equal(0, rest.Code);
        Assert.Equal(_training.Result("whole"), _training.Result("killed"), Same);
        Assert.Equal(Files("whole"), Files("killed"));
    }

    [Fact]
    public async Task Ctrl_C_keeps_the_steps_that_were_done_and_one_folder_has_one_run()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill, which Windows does not have.");
        static void Long(System.Text.Json.Nodes.JsonObject config)
        {
            config["training"]!["steps"] = 150;
            config["training"]!["evaluation_interval"] = 25;
            config["training"]!["checkpoint_minutes"] = 60;
        }

        string config = _training.WriteConfig("stopped", Long);
        using Process process = Start(config);
        await process.StandardOutput.ReadLineAsync(Stop);
        Invocation second = await Invocation.RunAsync("train", config);
        await process.StandardOutput.ReadLineAsync(Stop);
        Task<string> standardError = process.StandardError.ReadToEndAsync(Stop);
        await Signal.EndAsync(process);
        string error = await standardError;

        Assert.Equal((ExitCode.Interrupted, ExitCode.Failure), (process.ExitCode, second.Code));
        Assert.Contains("Another run is at work", second.Error);
        Assert.Contains("the same command goes on from there", error);
        Assert.DoesNotContain("   at ", error);

        Invocation rest = await Invocation.RunAsync("train", config);
        await Invocation.RunAsync("train", _training.WriteConfig("whole", Long));
        Assert.Contains("going on behind step", rest.Error);
        Assert.Equal(_training.Result("whole"), _training.Result("stopped"), Same);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static bool Same((byte[] Weights, string Log) one, (byte[] Weights, string Log) other) =>
        one.Log == other.Log && one.Weights.AsSpan().SequenceEqual(other.Weights);

    private string?[] Files(string output) => [.. Directory.EnumerateFiles(_training[output]).Select(Path.GetFileName).Order()];

    private static Process Start(string config) => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet",
        [typeof(ExitCode).Assembly.Location, "train", config])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
