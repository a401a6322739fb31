using QwenSharp.Agent.Events;
using QwenSharp.Agent.Permissions;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;
using QwenSharp.Tests.Hub;

namespace QwenSharp.Agent.Tests.Scripts;

/// <summary>An agent on a scripted model in a folder of its own.</summary>
internal sealed class AgentBench : IAsyncDisposable
{
    public AgentBench(params IEnumerable<ScriptedTurn> turns) => Client = new ScriptedClient(turns);

    public TemporaryFolder Folder { get; } = new();

    public InstantTime Time { get; } = new();

    public ScriptedClient Client { get; }

    public List<AgentTool> Tools { get; } = [];

    /// <summary>Changes the options of the agent, before it is first used.</summary>
    public Func<AgentOptions, AgentOptions> Change { get; init; } = options => options;

    public ToolContext Context => field ??= new ToolContext(new Workspace(Folder.Path), Folder["session"]) { Time = Time };

    public CodingAgent Agent => field ??= new CodingAgent(
        Client,
        Context,
        Change(new AgentOptions
        {
            Tools = Tools,
            Permissions = new PermissionPolicy(PermissionMode.Auto),
            SystemPrompt = "You are tested.",
        }));

    /// <summary>Works on a prompt.</summary>
    /// <returns>What was told.</returns>
    public async Task<List<AgentEvent>> RunAsync(string prompt = "Do it.", Action<AgentEvent>? tell = null)
    {
        List<AgentEvent> events = [];
        await foreach (AgentEvent told in Agent.RunAsync(prompt, TestContext.Current.CancellationToken))
        {
            events.Add(told);
            tell?.Invoke(told);
        }

        return events;
    }

    /// <summary>The text of the last result that the model was told.</summary>
    public string LastResult() => Agent.Messages
        .SelectMany(message => message.Contents)
        .OfType<Microsoft.Extensions.AI.FunctionResultContent>()
        .Last()
        .Result as string ?? "";

    public async ValueTask DisposeAsync()
    {
        await Context.DisposeAsync();
        Folder.Dispose();
    }
}
