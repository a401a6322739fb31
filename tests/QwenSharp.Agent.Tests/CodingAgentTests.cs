using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Loop;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tests.Scripts;
using QwenSharp.Agent.Tools;
using QwenSharp.Chat;
using static QwenSharp.Agent.Tests.Scripts.ScriptedTurn;

namespace QwenSharp.Agent.Tests;

public class CodingAgentTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_without_calls_ends_the_work()
    {
        await using AgentBench bench = new(new ScriptedTurn { Text = "It is done already.", Reasoning = "Hm.", Usage = Tokens(10, 5, 4) });

        List<AgentEvent> events = await bench.RunAsync("Is it done?");

        Assert.Equal("It is done already.", string.Concat(events.OfType<TextDelta>().Select(delta => delta.Text)));
        Assert.Equal("Hm.", string.Concat(events.OfType<ThinkingDelta>().Select(delta => delta.Text)));
        AgentDone done = Assert.IsType<AgentDone>(events[^1]);
        Assert.Equal((AgentOutcome.Answered, "It is done already.", 1), (done.Outcome, done.Text, done.Turns));
        Assert.Equal((10L, 5L, 4L), (done.Usage.InputTokenCount, done.Usage.OutputTokenCount, done.Usage.CachedInputTokenCount));
    }

    [Fact]
    public async Task What_tools_give_goes_back_until_the_model_has_nothing_more_to_do()
    {
        await using AgentBench bench = new(
            Call("look", new { path = "a.txt" }, "c1"), Call("put", new { path = "a.txt", text = "new" }, "c2"), Say("Changed a.txt."));
        bench.Folder.Write("a.txt", "old");
        bench.Tools.Add(TestTool.Reading("look", arguments => File.ReadAllText(bench.Folder[arguments.String("path")])));
        bench.Tools.Add(TestTool.Writing("put", arguments =>
        {
            bench.Folder.Write(arguments.String("path"), arguments.String("text"));
            return "Written.";
        }));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal("new", File.ReadAllText(bench.Folder["a.txt"]));
        Assert.Equal(["old", "Written."], events.OfType<ToolEnded>().Select(ended => ended.Result.Text));
        Assert.Equal(["c1", "c2"], events.OfType<ToolStarted>().Select(started => started.CallId));
        Assert.Equal(
            [ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant],
            bench.Agent.Messages.Select(message => message.Role));
    }

    [Fact]
    public async Task Every_request_begins_with_the_one_before_and_offers_the_same_tools()
    {
        await using AgentBench bench = new(
            new ScriptedTurn { Reasoning = "First look.", Text = "Looking.", Calls = [Made("look", new { path = "a" })] },
            Call("look", new { path = "b" }),
            Say("Seen."),
            Call("look", new { path = "c" }),
            Say("Seen too."));
        bench.Tools.Add(TestTool.Reading("look", arguments => arguments.String("path")));

        await bench.RunAsync("One.");
        await bench.RunAsync("Two.");

        Assert.Equal(5, bench.Client.Requests.Count);
        foreach ((IReadOnlyList<string> before, IReadOnlyList<string> after) in bench.Client.Requests.Zip(bench.Client.Requests.Skip(1)))
            Assert.Equal(before, after.Take(before.Count));

        Assert.Contains("First look.", bench.Client.Requests[1][2]);
        Assert.All(bench.Client.Options, options => Assert.Same(bench.Client.Options[0].Tools![0], options.Tools![0]));
    }

    [Fact]
    public async Task A_malformed_call_is_explained_in_one_line()
    {
        FunctionCallContent malformed = new("c1", "look", null) { Exception = new FormatException("a quote is missing") };
        await using AgentBench bench = new(new ScriptedTurn { Calls = [malformed] }, Say("Sorry."));
        bench.Tools.Add(TestTool.Reading("look", _ => "seen"));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal(
            "Error: The arguments of \"look\" are not valid JSON (a quote is missing). Call it again with one JSON object.",
            bench.LastResult());
        Assert.Empty(events.OfType<ToolStarted>());
    }

    [Fact]
    public async Task Arguments_that_are_almost_JSON_are_mended()
    {
        FunctionCallContent malformed = new("c1", "look", null)
        {
            Exception = new FormatException("a brace is missing"),
            AdditionalProperties = new() { [ContentKeys.RawArguments] = """{"path": "a.txt" """ },
        };
        await using AgentBench bench = new(new ScriptedTurn { Calls = [malformed] }, Say("Seen."));
        bench.Tools.Add(TestTool.Reading("look", arguments => $"of {arguments.String("path")}"));

        await bench.RunAsync();

        Assert.Equal("of a.txt", bench.LastResult());
    }

    [Theory]
    [InlineData("readFile", "Did you mean \"read_file\"?")]
    [InlineData("Bash", "Did you mean \"run_shell_command\"?")]
    [InlineData("read_fil", "Did you mean \"read_file\"?")]
    [InlineData("fly_to_the_moon", "There is no tool \"fly_to_the_moon\". The tools are: read_file, run_shell_command.")]
    public async Task A_tool_that_is_not_there_is_answered_with_the_nearest(string name, string told)
    {
        await using AgentBench bench = new(Call(name, new { }), Say("I see."));
        bench.Tools.Add(TestTool.Reading("read_file", _ => ""));
        bench.Tools.Add(TestTool.Writing("run_shell_command", _ => ""));

        await bench.RunAsync();

        Assert.Contains(told, bench.LastResult());
    }

    [Fact]
    public async Task Who_says_what_they_will_do_and_does_not_is_reminded_once()
    {
        await using AgentBench bench = new(
            Say("I see the problem. Now I will fix the test."), Call("put", new { }), Say("I'll run it again."), Say("Now I will run it."));
        bench.Tools.Add(TestTool.Writing("put", _ => "Written."));

        List<AgentEvent> events = await bench.RunAsync();

        // Once before the call, and once after it.
        Assert.Equal(2, events.OfType<Nudged>().Count());
        Assert.Equal("Now I will run it.", ((AgentDone)events[^1]).Text);
    }

    [Theory]
    [InlineData("", false, Intention.EmptyReminder)]
    [InlineData("The file has", true, Intention.CutReminder)]
    public async Task An_answer_that_is_none_is_asked_for_again(string text, bool isCut, string reminder)
    {
        await using AgentBench bench = new(new ScriptedTurn { Text = text, IsCut = isCut }, Say("Whole."));
        bench.Tools.Add(TestTool.Writing("put", _ => ""));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        Assert.Equal("Whole.", done.Text);
        Assert.Equal(reminder, bench.Agent.Messages[^2].Text);
    }

    [Fact]
    public async Task An_answer_stands_though_the_reminder_after_it_finds_nobody()
    {
        await using AgentBench bench = new(Say("Let me check the rest."), Fail(new InvalidOperationException("gone")));
        bench.Tools.Add(TestTool.Writing("put", _ => ""));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        Assert.Equal((AgentOutcome.Answered, "Let me check the rest."), (done.Outcome, done.Text));
    }

    [Fact]
    public async Task The_same_call_with_the_same_result_is_noticed_and_ends_the_work_at_last()
    {
        await using AgentBench bench = new(Enumerable.Repeat(Call("look", new { path = "a" }), 20));
        bench.Tools.Add(TestTool.Reading("look", _ => "nothing"));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        string[] results = [.. bench.Agent.Messages
            .SelectMany(message => message.Contents)
            .OfType<FunctionResultContent>()
            .Select(result => (string)result.Result!)];
        Assert.Equal(AgentOutcome.Repeating, done.Outcome);
        Assert.Equal(RepeatWatch.End, results.Length);
        Assert.Equal("nothing", results[1]);
        Assert.Contains("3 times in a row. Do something else.", results[2]);
    }

    [Fact]
    public async Task A_call_whose_result_changes_is_no_repetition()
    {
        int progress = 0;
        await using AgentBench bench = new([.. Enumerable.Repeat(Call("look", new { }), 20), Say("There.")]);
        bench.Tools.Add(TestTool.Reading("look", _ => $"{++progress} %"));

        Assert.Equal(AgentOutcome.Answered, ((AgentDone)(await bench.RunAsync())[^1]).Outcome);
    }

    [Fact]
    public async Task A_long_output_is_cut_and_the_whole_is_in_a_file()
    {
        string whole = string.Join('\n', Enumerable.Range(0, 20_000));
        await using AgentBench bench = new(Call("look", new { }), Say("Long."));
        bench.Tools.Add(TestTool.Reading("look", _ => whole));

        await bench.RunAsync();

        string told = bench.LastResult(), file = Assert.Single(Directory.GetFiles(bench.Context.LongOutputs.Directory));
        Assert.True(told.Length < 25_000);
        Assert.Contains(file, told);
        Assert.Equal(whole, File.ReadAllText(file));
    }

    [Fact]
    public async Task The_limit_of_turns_ends_the_work()
    {
        await using AgentBench bench = new(Enumerable.Range(0, 9).Select(i => Call("look", new { path = $"{i}" })))
        {
            Change = options => options with { MaxTurns = 3 },
        };
        bench.Tools.Add(TestTool.Reading("look", arguments => arguments.String("path")));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        Assert.Equal((AgentOutcome.TurnLimit, 3, 3), (done.Outcome, done.Turns, bench.Client.Requests.Count));
    }

    [Fact]
    public async Task A_failure_that_passes_is_waited_for_longer_and_longer()
    {
        HttpRequestException busy = new("busy", null, System.Net.HttpStatusCode.ServiceUnavailable);
        await using AgentBench bench = new(Fail(busy), Fail(busy), Fail(busy), Say("Here."));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal([1, 2, 4], events.OfType<RequestRetried>().Select(retried => retried.Pause.TotalSeconds));
        Assert.Equal("Here.", ((AgentDone)events[^1]).Text);
    }

    [Fact]
    public async Task A_failure_that_stays_is_told_once()
    {
        await using AgentBench bench = new(Fail(new HttpRequestException("no such model", null, System.Net.HttpStatusCode.NotFound)));

        AgentDone done = Assert.IsType<AgentDone>(Assert.Single(await bench.RunAsync()));

        Assert.Equal((AgentOutcome.Failed, "no such model", 1), (done.Outcome, done.Text, bench.Client.Requests.Count));
    }

    [Fact]
    public async Task A_failure_that_does_not_pass_in_time_ends_the_work()
    {
        await using AgentBench bench = new(Enumerable.Repeat(Fail(new HttpRequestException("down")), 9));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal(5, bench.Client.Requests.Count);
        Assert.Equal(AgentOutcome.Failed, ((AgentDone)events[^1]).Outcome);
    }

    [Fact]
    public async Task What_nobody_allows_is_denied_and_the_model_is_told()
    {
        await using AgentBench bench = Asking(Call("put", new { path = "a" }), Say("I may not."));
        bench.Tools.Add(TestTool.Writing("put", _ => throw new InvalidOperationException("It ran.")));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Single(events.OfType<PermissionAsked>());
        Assert.Single(events.OfType<CallDenied>());
        Assert.Empty(events.OfType<ToolStarted>());
        Assert.StartsWith("Error: Not permitted: ", bench.LastResult());
        Assert.Contains("nobody is there to allow it", bench.LastResult());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whoever_reads_the_events_answers_for_a_call(bool allows)
    {
        await using AgentBench bench = Asking(Call("put", new { path = "a" }), Say("Well."));
        bench.Tools.Add(TestTool.Writing("put", _ => "Written."));

        await bench.RunAsync(tell: told =>
        {
            if (told is not PermissionAsked asked)
                return;

            Assert.Equal([bench.Context.Workspace.Resolve("a")], asked.Access.Paths);
            if (allows)
                asked.Allow();
            else
                asked.Deny("the person said: use b");
        });

        Assert.Equal(
            allows ? "Written." : "Error: Not permitted: the person said: use b. Nothing was done. Do not try to get around it.",
            bench.LastResult());
    }

    [Fact]
    public async Task Calls_that_read_run_together_and_those_that_write_alone_and_in_order()
    {
        using Barrier both = new(2);
        List<string> order = [];
        await using AgentBench bench = new(
            Call(
                ("read", new { text = "1" }),
                ("read", new { text = "2" }),
                ("write", new { text = "3" }),
                ("read", new { text = "4" }),
                ("write", new { text = "5" })),
            Say("All done."));
        bench.Tools.Add(new TestTool("read", AccessKind.Read, async (arguments, stop) =>
        {
            string text = arguments.String("text");

            // The first two wait for each other.
            if (text != "4")
                await Task.Run(() => Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(20), stop)), stop);

            lock (order)
                order.Add(text);

            return new ToolResult(text);
        }));
        bench.Tools.Add(TestTool.Writing("write", arguments =>
        {
            lock (order)
                order.Add(arguments.String("text"));

            return arguments.String("text");
        }));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal(["3", "4", "5"], order[2..]);
        Assert.Equal(["1", "2", "3", "4", "5"], events.OfType<ToolEnded>().Select(ended => ended.Result.Text));
    }

    [Fact]
    public async Task A_tool_that_fails_does_not_end_the_work()
    {
        await using AgentBench bench = new(Call("look", new { }), Call("put", new { }), Say("Neither works."));
        bench.Tools.Add(TestTool.Reading("look", _ => throw new ToolException("There is no such file; look with glob.")));
        bench.Tools.Add(TestTool.Writing("put", _ => throw new IOException("The disk is full.")));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal(
            ["There is no such file; look with glob.", "The disk is full."],
            events.OfType<ToolEnded>().Where(ended => ended.Result.IsError).Select(ended => ended.Result.Text));
        Assert.Equal("Error: The disk is full.", bench.LastResult());
    }

    [Fact]
    public async Task Interrupted_work_leaves_a_conversation_that_can_be_gone_on_with()
    {
        await using AgentBench bench = new(Call(("wait", new { }), ("wait", new { })), Say("Going on."));
        bench.Tools.Add(new TestTool("wait", AccessKind.Read, async (_, stop) =>
        {
            await Task.Delay(Timeout.Infinite, stop);
            return new ToolResult("");
        }));

        using CancellationTokenSource interrupt = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (AgentEvent told in bench.Agent.RunAsync("Wait.", interrupt.Token))
            {
                if (told is ToolStarted)
                    await interrupt.CancelAsync();
            }
        });

        AgentDone done = (AgentDone)(await bench.RunAsync("Go on."))[^1];
        Assert.Equal("Going on.", done.Text);
        Assert.Equal(2, bench.Agent.Messages
            .SelectMany(message => message.Contents)
            .OfType<FunctionResultContent>()
            .Count(result => ((string)result.Result!).StartsWith("Interrupted.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Whoever_stops_reading_stops_the_work()
    {
        TaskCompletionSource stopped = new();
        await using AgentBench bench = new(Call("wait", new { }));
        bench.Tools.Add(new TestTool("wait", AccessKind.Read, async (_, stop) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, stop);
            }
            finally
            {
                stopped.SetResult();
            }

            return new ToolResult("");
        }));

        await foreach (AgentEvent told in bench.Agent.RunAsync("Wait.", Stop))
        {
            if (told is ToolStarted)
                break;
        }

        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20), Stop);
    }

    [Fact]
    public async Task Near_the_end_of_the_context_a_summary_takes_the_place_of_what_is_old()
    {
        await using AgentBench bench = new(
            Call("put", new { path = "a.cs" }) with { Usage = Tokens(500, 10) },
            Call("look", new { path = "b.cs" }) with { Usage = Tokens(805, 10) },
            Say("1. Asked: rename Limit."),
            Say("Renamed."))
        {
            Change = options => options with { ContextLength = 1000 },
        };
        bench.Tools.Add(TestTool.Writing("put", _ => "Written."));
        bench.Tools.Add(TestTool.Reading("look", _ => throw new ToolException("There is no b.cs.")));

        List<AgentEvent> events = await bench.RunAsync("Rename Limit.");

        Compacted compacted = Assert.Single(events.OfType<Compacted>());
        Assert.True(compacted.TokensBefore > 800 && compacted.TokensAfter < 500, compacted.ToString());
        Assert.Equal("Renamed.", ((AgentDone)events[^1]).Text);

        // The request for the summary has the prefix and the tools of those before.
        Assert.Equal(bench.Client.Requests[1], bench.Client.Requests[2].Take(bench.Client.Requests[1].Count));
        Assert.NotEmpty(bench.Client.Options[2].Tools!);

        string summary = bench.Agent.Messages[1].Text;
        Assert.Contains("1. Asked: rename Limit.", summary);
        Assert.Contains("Files changed:\n- a.cs", summary);
        Assert.Contains("Files read:\n- b.cs", summary);
        Assert.Contains("There is no b.cs.", summary);
        Assert.NotEqual(ChatRole.Tool, bench.Agent.Messages[2].Role);
    }

    [Fact]
    public async Task A_context_that_is_too_short_is_found_out_and_lived_with()
    {
        Faults.OptionException tooLong = new(Faults.OptionFault.Of(Faults.FaultKind.TooLong, "Messages", "has too many tokens."));
        await using AgentBench bench = new(
            Call("look", new { }), Fail(tooLong), Fail(tooLong), Say("The summary."), Say("It goes on."))
        {
            Change = options => options with { ContextLength = 0 },
        };
        bench.Tools.Add(TestTool.Reading("look", _ => new string('x', 5000)));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        // The first request for a summary was too long as well; the second has the results cut.
        Assert.Equal((AgentOutcome.Answered, "It goes on."), (done.Outcome, done.Text));
        Assert.Contains("[…]", string.Concat(bench.Client.Requests[3]));
        Assert.Contains("The summary.", bench.Agent.Messages[1].Text);
    }

    [Fact]
    public async Task A_context_that_does_not_hold_the_tools_is_told_as_that()
    {
        Faults.OptionException tooLong = new(Faults.OptionFault.Of(Faults.FaultKind.TooLong, "Messages", "has too many tokens."));
        await using AgentBench bench = new(Fail(tooLong));

        AgentDone done = (AgentDone)(await bench.RunAsync())[^1];

        Assert.Equal(AgentOutcome.Failed, done.Outcome);
        Assert.EndsWith("a model with a longer one, or fewer tools. (Messages has too many tokens.)", done.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<tool_call>\n<function=look>\n<parameter=path>\na.txt\n</parameter>\n</function>\n</tool_call>")]
    [InlineData("<tool_call>\n{\"name\": \"look\", \"arguments\": {\"path\": \"a.txt\"}}\n</tool_call>")]
    public async Task A_call_that_the_endpoint_passed_on_as_text_is_a_call(string written)
    {
        await using AgentBench bench = new(Say($"I look.\n{written}"), Say("Seen."));
        bench.Tools.Add(TestTool.Reading("look", arguments => $"of {arguments.String("path")}"));

        List<AgentEvent> events = await bench.RunAsync();

        Assert.Equal("of a.txt", Assert.Single(events.OfType<ToolEnded>()).Result.Text);
        Assert.Equal("I look.", bench.Agent.Messages[2].Text);
    }

    [Fact]
    public async Task Calls_of_one_id_get_their_own()
    {
        await using AgentBench bench = new(
            new ScriptedTurn { Calls = [Made("look", new { path = "a" }, "same"), Made("look", new { path = "b" }, "same")] },
            Say("Seen."));
        bench.Tools.Add(TestTool.Reading("look", arguments => arguments.String("path")));

        await bench.RunAsync();

        string[] made = [.. bench.Agent.Messages[2].Contents.OfType<FunctionCallContent>().Select(call => call.CallId)];
        Assert.Equal(2, made.Distinct().Count());
        Assert.Equal(made, bench.Agent.Messages.Skip(3).Take(2).Select(message => ((FunctionResultContent)message.Contents[0]).CallId));
    }

    [Fact]
    public async Task The_budget_of_thinking_is_asked_of_every_answer()
    {
        await using AgentBench bench = new(Say("Yes.")) { Change = options => options with { ThinkingBudget = 256 } };
        await bench.RunAsync();
        Assert.Equal(256, bench.Client.Options[0].AdditionalProperties![ChatOptionKeys.ThinkingBudget]);
    }

    [Fact]
    public async Task Surroundings_go_with_a_prompt_when_they_have_changed()
    {
        string place = "here";
        await using AgentBench bench = new(Say("1"), Say("2"), Say("3"))
        {
            Change = options => options with { Surroundings = () => place },
        };

        await bench.RunAsync("One.");
        await bench.RunAsync("Two.");
        place = "there";
        await bench.RunAsync("Three.");

        Assert.Equal(
            ["here\n\nOne.", "Two.", "there\n\nThree."],
            bench.Agent.Messages.Where(message => message.Role == ChatRole.User).Select(message => message.Text));
        Assert.Equal("You are tested.", bench.Agent.Messages[0].Text);
    }

    private static AgentBench Asking(params IEnumerable<ScriptedTurn> turns) => new(turns)
    {
        Change = options => options with { Permissions = new PermissionPolicy(PermissionMode.Ask) },
    };

    private static UsageDetails Tokens(long input, long output, long cached = 0) =>
        new() { InputTokenCount = input, OutputTokenCount = output, CachedInputTokenCount = cached };
}
