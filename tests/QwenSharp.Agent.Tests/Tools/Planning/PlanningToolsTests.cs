using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Tools.Planning;

namespace QwenSharp.Agent.Tests.Tools.Planning;

public sealed class PlanningToolsTests
{
    private const string Question =
        """{"questions": [{"question": "Which one?", "header": "Choice", "options": [{"label": "a", "description": "the first"}], "multiSelect": true}]}""";

    [Fact]
    public async Task Steps_are_kept_for_the_session()
    {
        await using ToolBench bench = new();
        ToolResult result = await bench.RunAsync(
            new TodoWriteTool(),
            """{"todos": [{"id": "1", "content": "one", "status": "completed"}, {"id": "2", "content": "two", "status": "in_progress"}]}""");
        Assert.Equal("The list is set; 1 of 2 steps are open.", result.Text);
        Assert.Equal("[x] one\n[>] two\n", result.Display);
        Assert.Equal([new TodoItem("1", "one", TodoStatus.Completed), new TodoItem("2", "two", TodoStatus.InProgress)], bench.Context.Todos);
        Assert.Contains(
            "a \"status\" of pending",
            await bench.FailsAsync(new TodoWriteTool(), """{"todos": [{"id": "1", "content": "one", "status": "done"}]}"""),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Questions_go_to_the_person_and_answers_come_back()
    {
        IReadOnlyList<UserQuestion>? seen = null;
        await using ToolBench bench = new((workspace, session) => new ToolContext(workspace, session)
        {
            AskPerson = (questions, _) =>
            {
                seen = questions;
                return Task.FromResult<IReadOnlyList<string>?>(["a"]);
            },
        });
        Assert.Equal("Choice: a", (await bench.RunAsync(new AskUserQuestionTool(), Question)).Text);
        UserQuestion asked = Assert.Single(seen!);
        Assert.Equal(("Which one?", true, ("a", "the first")), (asked.Question, asked.TakesSeveral, asked.Options[0]));
    }

    [Fact]
    public async Task Where_nobody_is_there_the_model_is_told()
    {
        await using ToolBench bench = new();
        Assert.Contains("Nobody is there to answer", await bench.FailsAsync(new AskUserQuestionTool(), Question), StringComparison.Ordinal);
        Assert.Contains("Nobody is there to accept", await bench.FailsAsync(new ExitPlanModeTool(), """{"plan": "x"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, "The person accepts the plan. Carry it out.")]
    [InlineData(false, "too long", "The person does not accept the plan; go on planning. They say: too long")]
    public async Task A_plan_is_accepted_or_not(bool isAccepted, string? remark, string told)
    {
        await using ToolBench bench = new((workspace, session) => new ToolContext(workspace, session)
        {
            AcceptPlan = (plan, _) => Task.FromResult((isAccepted, remark)),
        });
        ToolResult result = await bench.RunAsync(new ExitPlanModeTool(), """{"plan": "1. do"}""");
        Assert.Equal((told, "1. do"), (result.Text, result.Display));
    }

    [Fact]
    public async Task Facts_are_added_to_the_memory_file_that_is_there()
    {
        await using ToolBench bench = new();
        bench.Write("AGENTS.md", "# Project\r\n\r\nText.\r\n\r\n## Remembered\r\n\r\n- old\r\n\r\n## Next\r\n");
        await bench.RunAsync(new SaveMemoryTool(), """{"fact": "Tests run\nwith make. # no heading"}""");
        Assert.Equal(
            "# Project\r\n\r\nText.\r\n\r\n## Remembered\r\n\r\n- old\r\n- Tests run with make. # no heading\r\n\r\n## Next\r\n",
            File.ReadAllText(bench["AGENTS.md"]));
    }

    [Fact]
    public async Task The_first_fact_makes_the_file()
    {
        await using ToolBench bench = new();
        await bench.RunAsync(new SaveMemoryTool(), """{"fact": "one"}""");
        await bench.RunAsync(new SaveMemoryTool(), """{"fact": "- two"}""");
        Assert.Equal("## Remembered\n\n- one\n- two\n", File.ReadAllText(bench["QWEN.md"]));
    }
}
