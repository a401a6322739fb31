using System.Text;
using System.Text.Json;

namespace QwenSharp.Agent.Tools.Discovery;

/// <summary>
/// Finds tools that are not offered from the beginning, such as those of many servers: their schemas come into the conversation when they
/// are needed, behind what is cached.
/// </summary>
/// <param name="tools">The tools to find.</param>
public sealed class ToolSearchTool(IReadOnlyList<AgentTool> tools) : AgentTool
{
    private const int UsualResults = 5;

    /// <inheritdoc/>
    public override string Name => "tool_search";

    /// <inheritdoc/>
    public override string Description =>
        $"Finds further tools by words of their names and descriptions; {tools.Count} are there. What it finds can be called.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "query": { "type": "string", "minLength": 1 },
            "max_results": { "type": "integer", "minimum": 1, "maximum": 20, "default": 5 }
          },
          "required": ["query"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string[] words = arguments.String("query").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        int most = arguments.OptionalInteger("max_results") ?? UsualResults;
        if (words.Length == 0 || most is < 1 or > 20)
            throw new ToolException("\"query\" must have a word in it, and \"max_results\" be from 1 to 20.");

        StringBuilder told = new();
        foreach ((AgentTool tool, _) in tools
            .Select(tool => (tool, Score: words.Sum(word => Score(tool, word))))
            .Where(one => one.Score > 0)
            .OrderByDescending(one => one.Score)
            .Take(most))
        {
            told.Append(tool.Name).Append(": ").Append(tool.Description).Append('\n').Append(tool.Parameters.GetRawText()).Append("\n\n");
        }

        return Task.FromResult(new ToolResult(told.Length > 0 ? told.ToString() : "No tool is about that."));
    }

    private static int Score(AgentTool tool, string word) =>
        (tool.Name.Contains(word, StringComparison.OrdinalIgnoreCase) ? 3 : 0)
        + (tool.Description.Contains(word, StringComparison.OrdinalIgnoreCase) ? 1 : 0);
}
