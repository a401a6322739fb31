using QwenSharp.Agent.Events;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tests.Scripts;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;
using QwenSharp.Tests;

namespace QwenSharp.Agent.Tests;

/// <summary>The agent with its own tools and rules, on a model that plays a file.</summary>
public sealed class WholeAgentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WholeAgentTests() => _folder.Write("project/src/a.cs", "class A\n{\n    const int Limit = 3;\n}\n");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(PermissionMode.AcceptEdits)]
    [InlineData(PermissionMode.Auto)]
    public async Task A_script_changes_the_files(PermissionMode mode)
    {
        AgentDone done = await PlayAsync(mode);

        Assert.Equal((AgentOutcome.Answered, "Renamed Limit to Most in src/a.cs.", 5), (done.Outcome, done.Text, done.Turns));
        Assert.Equal("class A\n{\n    const int Most = 3;\n}\n", File.ReadAllText(_folder["project", "src", "a.cs"]));
        Assert.Equal("Limit is called Most.\n", File.ReadAllText(_folder["project", "CHANGES.md"]));
    }

    [Theory]
    [InlineData(PermissionMode.Plan)]
    [InlineData(PermissionMode.Ask)]
    public async Task Where_nothing_may_be_changed_nothing_is(PermissionMode mode)
    {
        await PlayAsync(mode);

        Assert.Contains("Limit", File.ReadAllText(_folder["project", "src", "a.cs"]));
        Assert.False(File.Exists(_folder["project", "CHANGES.md"]));
    }

    private async Task<AgentDone> PlayAsync(PermissionMode mode)
    {
        using ScriptedClient client = ScriptedClient.Of(
            Checkout.PathOf("tests", "QwenSharp.Agent.Tests", "Scripts", "rename.jsonl"));
        Workspace workspace = new(_folder["project"]);
        await using ToolContext context = new(workspace, _folder["session"]);
        CodingAgent agent = new(client, context, new AgentOptions
        {
            Tools = ToolSet.For(ToolProfile.QwenCode),
            Permissions = new PermissionPolicy(mode, workspace),
        });
        AgentDone? done = null;
        await foreach (AgentEvent told in agent.RunAsync("Rename Limit to Most.", TestContext.Current.CancellationToken))
            done = told as AgentDone ?? done;

        return done!;
    }
}
