using System.Diagnostics;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Files;
using QwenSharp.Agent.Tools.Shell;

namespace QwenSharp.Agent.Tests.Tools.Shell;

public sealed class ShellToolTests : IAsyncLifetime
{
    private readonly ToolBench _bench = new();
    private readonly ShellTool _tool = new();

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands are for a Unix shell.");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    private static string Call(string command, string more = "") => $$"""{"command": {{ToolBench.Json(command)}}{{more}}}""";

    [Theory]
    [InlineData("echo a; echo b >&2; echo c", "a\nb\nc\n")]
    [InlineData("true", "(no output)")]
    [InlineData("cat", "(no output)")]
    [InlineData("printf '%s|' \"$0\" \"$#\" | tail -c 3", "|0|")]
    [InlineData("echo \"$PAGER $TERM\"", "cat dumb\n")]
    [InlineData("echo é😀", "é😀\n")]
    public async Task What_a_command_prints_is_told(string command, string output) =>
        Assert.Equal(output, (await _bench.RunAsync(_tool, Call(command))).Text);

    [Fact]
    public async Task A_failure_is_told_with_its_code()
    {
        ToolResult result = await _bench.RunAsync(_tool, Call("echo a; exit 3"));
        Assert.Equal(("a\n\n[exit code 3]", true), (result.Text, result.IsError));
    }

    [Fact]
    public async Task It_starts_where_it_is_told_to()
    {
        Directory.CreateDirectory(_bench["sub"]);
        Assert.Equal($"{_bench.Context.Workspace.Root}\n", (await _bench.RunAsync(_tool, Call("pwd"))).Text);
        Assert.Equal($"{_bench["sub"]}\n", (await _bench.RunAsync(_tool, Call("pwd", ", \"directory\": \"sub\""))).Text);
        Assert.Contains("no directory none", await _bench.FailsAsync(_tool, Call("pwd", ", \"directory\": \"none\"")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_takes_too_long_is_ended_with_all_that_it_started()
    {
        Stopwatch watch = Stopwatch.StartNew();
        ToolResult result = await _bench.RunAsync(_tool, Call("echo begun; (sleep 61; true) & sleep 60", ", \"timeout\": 500"));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
        Assert.True(result.IsError);
        Assert.Equal("begun\n\n[It was ended after 0.5 seconds. Give a longer timeout, or is_background for what runs on.]", result.Text);
        Assert.False(Runs("sleep 61"));
    }

    [Fact]
    public async Task What_a_command_leaves_behind_is_ended_even_where_it_got_away()
    {
        ToolResult result = await _bench.RunAsync(_tool, Call("(sleep 62 &) ; echo done"));
        Assert.Equal("done\n\n[What it had left running was ended. Use is_background for what runs on.]", result.Text);
        Assert.False(Runs("sleep 62"));
    }

    [Fact]
    public async Task An_interrupted_command_is_ended()
    {
        using CancellationTokenSource stop = new(300);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.InterruptibleAsync(_tool, Call("sleep 63"), stop.Token));
        Assert.False(Runs("sleep 63"));
    }

    [Fact]
    public async Task A_background_command_can_be_read_and_ended()
    {
        ToolResult started = await _bench.RunAsync(_tool, Call("echo first; sleep 64", ", \"is_background\": true"));
        Assert.Contains("as b1", started.Text, StringComparison.Ordinal);
        string path = Directory.GetFiles(_bench.Context.LongOutputs.Directory).Single();
        Assert.Contains(path, started.Text, StringComparison.Ordinal);
        await Eventually(async () =>
            (await _bench.RunAsync(new ReadFileTool(), $$"""{"file_path": {{ToolBench.Json(path)}}}""")).Text.Contains("first", StringComparison.Ordinal));
        Assert.True(Runs("sleep 64"));
        Assert.Equal("b1 was ended.", (await _bench.RunAsync(new TaskStopTool(), """{"task_id": "b1"}""")).Text);
        Assert.False(Runs("sleep 64"));
        Assert.Contains("None runs", await _bench.FailsAsync(new TaskStopTool(), """{"task_id": "b1"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_a_background_command_is_told_once()
    {
        await _bench.RunAsync(_tool, Call("exit 4", ", \"is_background\": true"));
        string told = "";
        await Eventually(async () => (told = (await _bench.RunAsync(_tool, Call("echo x"))).Text).Contains("b1", StringComparison.Ordinal));
        Assert.Contains("b1 has ended with exit code 4", told, StringComparison.Ordinal);
        Assert.Equal("x\n", (await _bench.RunAsync(_tool, Call("echo x"))).Text);
    }

    [Fact]
    public async Task The_session_ends_what_runs_in_the_background()
    {
        await _bench.RunAsync(_tool, Call("sleep 65", ", \"is_background\": true"));
        await Eventually(() => Task.FromResult(Runs("sleep 65")));
        await _bench.Context.DisposeAsync();
        Assert.False(Runs("sleep 65"));
    }

    [Fact]
    public async Task An_endless_output_is_bounded()
    {
        ToolResult result = await _bench.RunAsync(_tool, Call("yes 0123456789 | head -c 20000000; echo; echo end"));
        Assert.InRange(result.Text.Length, 1_000_000, 4_000_000);
        Assert.Contains("characters were not kept", result.Text, StringComparison.Ordinal);
        Assert.EndsWith("end\n", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vim a.txt", "vim waits for a person")]
    [InlineData("cat a | less", "less waits for a person")]
    [InlineData("python3", "python3 without anything to run")]
    [InlineData("git commit", "opens an editor without a message")]
    [InlineData("git rebase -i HEAD~3", "git rebase -i opens an editor")]
    [InlineData("git add -p", "git asks about each change")]
    [InlineData("sudo true; top", "top waits for a person")]
    public async Task Programs_that_wait_for_a_person_are_refused(string command, string reason) =>
        Assert.Contains(reason, await _bench.FailsAsync(_tool, Call(command)), StringComparison.Ordinal);

    [Theory]
    [InlineData("echo 'print(1)' | python3")]
    [InlineData("python3 --version")]
    [InlineData("git commit -m x")]
    [InlineData("git commit -am x")]
    [InlineData("git commit --amend --no-edit")]
    [InlineData("python3 a.py")]
    [InlineData("echo vim")]
    public void Others_are_not(string command) => Assert.Null(InteractivePrograms.Hint(command));

    [Theory]
    [InlineData("""{}""", "\"command\" is required")]
    [InlineData("""{"command": " "}""", "\"command\" is empty")]
    [InlineData("""{"command": "true", "timeout": 0}""", "\"timeout\" must be from 1")]
    [InlineData("""{"command": "true", "is_background": 3}""", "\"is_background\" must be true or false")]
    public async Task What_is_wrong_is_said(string arguments, string reason) =>
        Assert.Contains(reason, await _bench.FailsAsync(_tool, arguments), StringComparison.Ordinal);

    private static bool Runs(string command) => Directory.GetDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Trim('\0').Replace('\0', ' ') == command;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); !await holds();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "It did not come to be.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
