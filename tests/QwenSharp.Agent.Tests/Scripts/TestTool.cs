using System.Text.Json;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Tests.Scripts;

/// <summary>A tool of a test.</summary>
internal sealed class TestTool(string name, AccessKind kind, Func<ToolArguments, CancellationToken, Task<ToolResult>> run) : AgentTool
{
    public override string Name => name;

    public override string Description => $"The tool {name} of a test.";

    public override JsonElement Parameters { get; } =
        JsonElement.Parse("""{"type": "object", "properties": {"path": {"type": "string"}, "text": {"type": "string"}}}""");

    public static TestTool Reading(string name, Func<ToolArguments, string> run) =>
        new(name, AccessKind.Read, (arguments, _) => Task.FromResult(new ToolResult(run(arguments))));

    public static TestTool Writing(string name, Func<ToolArguments, string> run) =>
        new(name, AccessKind.Write, (arguments, _) => Task.FromResult(new ToolResult(run(arguments))));

    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => new(kind)
    {
        Paths = arguments.OptionalString("path") is { } path ? [context.Workspace.Resolve(path)] : [],
        Command = kind == AccessKind.Execute ? arguments.OptionalString("text") : null,
    };

    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken) =>
        run(arguments, cancellationToken);
}
