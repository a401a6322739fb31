using Microsoft.Extensions.AI;
using QwenSharp.Agent.Events;
using QwenSharp.Agent.Sessions;
using QwenSharp.Agent.Tests.Scripts;
using QwenSharp.Agent.Tools;
using QwenSharp.Tests.Hub;
using static QwenSharp.Agent.Tests.Scripts.ScriptedTurn;

namespace QwenSharp.Agent.Tests.Sessions;

public sealed class SessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InstantTime _time = new();

    private SessionStore Store => new(_folder["sessions"], _time);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_session_goes_on_with_every_message_as_it_was()
    {
        using Session first = Store.Begin("/project");
        await using AgentBench bench = Bench(
            first,
            Call("look", new { path = "ä", text = "1\n2" }) with { Reasoning = "Hm — \"ä\".", Text = "Looking." },
            Say("Seen."));
        await bench.RunAsync("Look.");
        string[] before = [.. bench.Agent.Messages.Select(ScriptedClient.Json)];
        first.Dispose();

        using Session again = Store.ResumeLatest("/project");
        Assert.Equal(first.Id, again.Id);
        Assert.Equal(before, again.Messages.Select(ScriptedClient.Json));

        await using AgentBench gone = Bench(again, Say("And on."));
        await gone.RunAsync("Go on.");
        Assert.Equal(before, gone.Client.Requests[0].Take(before.Length));
    }

    [Fact]
    public async Task A_line_that_was_cut_is_dropped()
    {
        using Session first = Store.Begin("/project");
        await using AgentBench bench = Bench(first, Say("One."), Say("Two."));
        await bench.RunAsync("1");
        await bench.RunAsync("2");
        string[] before = [.. bench.Agent.Messages.Select(ScriptedClient.Json)];
        first.Dispose();
        byte[] whole = File.ReadAllBytes(first.TranscriptPath);

        // Wherever the end of the program cut the last line, and some of those before.
        for (int length = whole.Length - 1; length > whole.Length - 400; length -= 13)
        {
            File.WriteAllBytes(first.TranscriptPath, whole[..length]);
            using Session again = Store.Resume("/project", first.Id);
            Assert.Equal(before.Take(again.Messages.Count), again.Messages.Select(ScriptedClient.Json));
            Assert.InRange(again.Messages.Count, 1, before.Length - 1);
        }
    }

    [Fact]
    public async Task A_call_that_the_end_of_the_program_left_open_is_answered_when_the_session_goes_on()
    {
        using Session first = Store.Begin("/project");
        await using AgentBench bench = Bench(first, Call("look", new { }), Say("Seen."));
        await bench.RunAsync("Look.");
        first.Dispose();
        string[] lines = File.ReadAllLines(first.TranscriptPath);
        File.WriteAllLines(first.TranscriptPath, lines[..3]);

        using Session again = Store.ResumeLatest("/project");
        await using AgentBench gone = Bench(again, Say("Once more."));
        await gone.RunAsync("Go on.");

        Assert.Equal(
            [ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.User, ChatRole.Assistant],
            gone.Agent.Messages.Select(message => message.Role));
        Assert.StartsWith("Interrupted.", gone.LastResult());
    }

    [Fact]
    public async Task A_compaction_is_what_the_session_goes_on_with_and_the_transcript_keeps_the_rest()
    {
        using Session first = Store.Begin("/project");
        await using AgentBench bench = Bench(first, Say("A long answer."), Say("The summary."), Say("Going on."));
        await bench.RunAsync("A long question.");
        await foreach (AgentEvent _ in bench.Agent.CompactAsync(TestContext.Current.CancellationToken))
        {
        }

        await bench.RunAsync("Go on.");
        first.Dispose();

        using Session again = Store.ResumeLatest("/project");
        Assert.Equal(bench.Agent.Messages.Select(ScriptedClient.Json), again.Messages.Select(ScriptedClient.Json));
        Assert.DoesNotContain(again.Messages, message => message.Text == "A long question.");
        Assert.Contains("A long question.", File.ReadAllText(again.TranscriptPath));
        Assert.Contains(again.TranscriptPath, again.Messages[1].Text);
    }

    [Fact]
    public async Task Sessions_of_one_project_are_found_by_the_beginning_of_their_names()
    {
        string[] ids = new string[2];
        for (int i = 0; i < 2; i++)
        {
            using Session session = Store.Begin("/project");
            await using AgentBench bench = Bench(session, Say($"{i}"));
            await bench.RunAsync($"{i}");
            File.SetLastWriteTimeUtc(session.TranscriptPath, InstantTime.Now.UtcDateTime.AddMinutes(i));
            ids[i] = session.Id;
        }

        Assert.Equal([ids[1], ids[0]], Store.Ids("/project"));
        Assert.Empty(Store.Ids("/other/project"));
        using (Session first = Store.Resume("/project", ids[0][..^1]))
            Assert.Equal(ids[0], first.Id);

        Assert.Contains("2 sessions", Assert.Throws<IOException>(() => Store.Resume("/project", "2026")).Message);
        Assert.Contains("no session 'x'", Assert.Throws<IOException>(() => Store.Resume("/project", "x")).Message);
        Assert.Contains("no earlier session", Assert.Throws<IOException>(() => Store.ResumeLatest("/other/project")).Message);
    }

    [Fact]
    public void A_line_that_is_none_of_a_session_is_named()
    {
        Directory.CreateDirectory(_folder["s"]);
        File.WriteAllText(_folder["s", "transcript.jsonl"], "{\"message\": {\"role\": \"user\"}}\n[]\n");
        Assert.Contains(
            "Line 2 of",
            Assert.Throws<InvalidDataException>(() => Session.Resume(_folder["s"], _time)).Message);
    }

    private AgentBench Bench(Session session, params IEnumerable<ScriptedTurn> turns)
    {
        AgentBench bench = new(turns) { Change = options => options with { Session = session } };
        bench.Tools.Add(TestTool.Reading("look", _ => "seen"));
        return bench;
    }
}
