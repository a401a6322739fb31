using System.Text;
using System.Text.Json;

namespace QwenSharp.Agent.Tools.Planning;

/// <summary>Keeps the list of steps of a larger task; each call gives the whole list.</summary>
public sealed class TodoWriteTool : AgentTool
{
    private static readonly Dictionary<string, (TodoStatus Status, char Mark)> Statuses = new()
    {
        ["pending"] = (TodoStatus.Pending, ' '),
        ["in_progress"] = (TodoStatus.InProgress, '>'),
        ["completed"] = (TodoStatus.Completed, 'x'),
    };

    /// <inheritdoc/>
    public override string Name => "todo_write";

    /// <inheritdoc/>
    public override string Description =>
        "Sets your list of steps for a task of three or more; each call gives the whole list. Keep one step in progress, and mark steps "
        + "completed as you finish them.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "todos": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "content": { "type": "string", "minLength": 1 },
                  "status": { "type": "string", "enum": ["pending", "in_progress", "completed"] },
                  "id": { "type": "string" }
                },
                "required": ["content", "status", "id"]
              }
            }
          },
          "required": ["todos"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        StringBuilder shown = new();
        List<TodoItem> items = [];
        foreach (JsonElement json in arguments.Array("todos"))
        {
            ToolArguments item = new(json);
            string content = item.String("content"), written = item.String("status");
            if (content.Length == 0 || !Statuses.TryGetValue(written, out (TodoStatus Status, char Mark) status))
                throw new ToolException("Each of \"todos\" has a \"content\" and a \"status\" of pending, in_progress or completed.");

            // Small models forget the names, which nothing depends on.
            items.Add(new TodoItem(item.OptionalString("id") ?? $"{items.Count + 1}", content, status.Status));
            shown.Append($"[{status.Mark}] ").Append(content).Append('\n');
        }

        context.Todos = items;
        int open = items.Count(item => item.Status != TodoStatus.Completed);
        return Task.FromResult(new ToolResult($"The list is set; {open} of {items.Count} steps are open.") { Display = shown.ToString() });
    }
}
