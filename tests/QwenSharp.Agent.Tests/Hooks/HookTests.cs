using System.Text.Json;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Hooks;
using QwenSharp.Agent.Tests.Scripts;
using QwenSharp.Agent.Tools;
using static QwenSharp.Agent.Tests.Scripts.ScriptedTurn;

namespace QwenSharp.Agent.Tests.Hooks;

public class HookTests
{
    [Fact]
    public async Task A_command_is_told_of_a_call_and_may_deny_it()
    {
        await using AgentBench bench = Hooked(
            HookEvent.PreToolUse,
            "put",
            "cat > told.json; echo 'not on a Sunday' >&2; exit 2",
            Call("put", new { path = "a" }),
            Say("No."));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal("Error: Not permitted: not on a Sunday. Nothing was done. Do not try to get around it.", bench.LastResult());
        Assert.Empty(events.OfType<ToolStarted>());
        JsonElement told = JsonElement.Parse(File.ReadAllText(bench.Folder["told.json"]));
        Assert.Equal("PreToolUse", told.GetProperty("hook_event_name").GetString());
        Assert.Equal("put", told.GetProperty("tool_name").GetString());
        Assert.Equal("a", told.GetProperty("tool_input").GetProperty("path").GetString());
    }

    [Fact]
    public async Task A_command_may_change_the_arguments()
    {
        const string change = """{"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": {"path": "changed"}}}""";
        await using AgentBench bench = Hooked(HookEvent.PreToolUse, null, $"echo '{change}'", Call("put", new { path = "a" }), Say("Ok."));
        await bench.RunAsync();
        Assert.Equal("put changed", bench.LastResult());
    }

    [Fact]
    public async Task A_command_for_other_tools_is_not_run()
    {
        await using AgentBench bench = Hooked(HookEvent.PreToolUse, "pu|edit", "exit 2", Call("put", new { path = "a" }), Say("Ok."));
        await bench.RunAsync();
        Assert.Equal("put a", bench.LastResult());
    }

    [Fact]
    public async Task What_a_command_says_after_a_call_is_told_with_the_result()
    {
        await using AgentBench bench = Hooked(
            HookEvent.PostToolUse, null, """echo '{"decision": "block", "reason": "a does not compile"}'""",
            Call("put", new { path = "a" }), Say("Ok."));
        await bench.RunAsync();
        Assert.Equal("put a\n\nHook: a does not compile", bench.LastResult());
    }

    [Fact]
    public async Task A_prompt_may_be_added_to_or_kept_back()
    {
        await using AgentBench added = Hooked(HookEvent.UserPromptSubmit, null, "echo 'The build is red.'", Say("Ok."));
        await added.RunAsync("Mend it.");
        Assert.Equal("The build is red.\n\nMend it.", added.Agent.Messages[1].Text);

        await using AgentBench kept = Hooked(HookEvent.UserPromptSubmit, null, "echo 'has a key in it' >&2; exit 2");
        AgentDone done = (AgentDone)(await kept.RunAsync("My key is …"))[^1];
        Assert.Equal((AgentOutcome.Blocked, "has a key in it", 0), (done.Outcome, done.Text, kept.Client.Requests.Count));
    }

    [Fact]
    public async Task The_end_of_the_work_may_be_put_off()
    {
        const string once = """grep -q '"stop_hook_active":true' || { echo 'Run the tests.' >&2; exit 2; }""";
        await using AgentBench bench = Hooked(HookEvent.Stop, null, once, Say("Done."), Say("Tests pass."));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        Assert.Equal("Tests pass.", done.Text);
        Assert.Contains(bench.Agent.Messages, message => message.Text == "Run the tests.");
    }

    [Fact]
    public async Task A_guard_that_takes_too_long_denies()
    {
        await using AgentBench bench = Hooked(HookEvent.PreToolUse, null, "sleep 60", Call("put", new { path = "a" }), Say("No."));
        await bench.RunAsync();
        Assert.Contains("took longer than", bench.LastResult());
    }

    private static AgentBench Hooked(HookEvent moment, string? matcher, string command, params IEnumerable<ScriptedTurn> turns)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands of these tests are a POSIX shell's.");
        AgentBench bench = null!;
        bench = new AgentBench(turns)
        {
            Change = options => options with
            {
                Hooks = [new CommandHook(moment, matcher, command, TimeSpan.FromSeconds(2), new HookPlace("s", "", bench.Folder.Path))],
            },
        };
        bench.Tools.Add(TestTool.Writing("put", arguments => $"put {arguments.String("path")}"));
        return bench;
    }
}
