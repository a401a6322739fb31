using System.Text.Json;
using QwenSharp.Agent.Tools;
using QwenSharp.Agent.Workspaces;

namespace QwenSharp.Agent.Tests.Tools;

/// <summary>A project with a context, for the tests of tools.</summary>
internal sealed class ToolBench : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ToolBench(Func<Workspace, string, ToolContext>? make = null)
    {
        Directory.CreateDirectory(_folder["project"]);
        Workspace workspace = new(_folder["project"]) { Home = _folder["home"] };
        Context = make?.Invoke(workspace, _folder["session"]) ?? new ToolContext(workspace, _folder["session"]);
    }

    public ToolContext Context { get; }

    public string this[params string[] parts] => _folder[["project", .. parts]];

    public string Write(string name, string text) => _folder.Write("project/" + name, text);

    public string WriteSeen(string name, string text)
    {
        string path = Write(name, text);
        Context.FilesRead.Note(Context.Workspace.Resolve(path));
        return path;
    }

    public Task<ToolResult> RunAsync(AgentTool tool, string arguments) =>
        InterruptibleAsync(tool, arguments, TestContext.Current.CancellationToken);

    public Task<ToolResult> InterruptibleAsync(AgentTool tool, string arguments, CancellationToken stop) =>
        tool.RunAsync(new ToolArguments(JsonElement.Parse(arguments)), Context, stop);

    public async Task<string> FailsAsync(AgentTool tool, string arguments) =>
        (await Assert.ThrowsAsync<ToolException>(() => RunAsync(tool, arguments))).Message;

    public static string Json(object? text) => text is null ? "null" : $"\"{JsonEncodedText.Encode(text.ToString()!)}\"";

    public async ValueTask DisposeAsync()
    {
        await Context.DisposeAsync();
        _folder.Dispose();
    }
}
