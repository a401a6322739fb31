using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Agent.Tools;

namespace QwenSharp.Agent.Loop;

/// <summary>The tools of a session, by name, and as the model is offered them.</summary>
/// <param name="tools">The tools, in the order in which they are offered.</param>
internal sealed class Toolbox(IReadOnlyList<AgentTool> tools)
{
    // What other agents call the same, for models that were trained with those.
    private static readonly Dictionary<string, string[]> Elsewhere = new(StringComparer.OrdinalIgnoreCase)
    {
        ["read"] = ["read_file"],
        ["view"] = ["read_file"],
        ["cat"] = ["read_file"],
        ["write"] = ["write_file"],
        ["create_file"] = ["write_file"],
        ["replace"] = ["edit"],
        ["str_replace"] = ["edit"],
        ["str_replace_editor"] = ["edit"],
        ["multiedit"] = ["edit"],
        ["bash"] = ["run_shell_command"],
        ["shell"] = ["run_shell_command"],
        ["execute_command"] = ["run_shell_command"],
        ["grep"] = ["grep_search"],
        ["search"] = ["grep_search", "glob"],
        ["ls"] = ["list_directory"],
        ["todowrite"] = ["todo_write"],
        ["webfetch"] = ["web_fetch"],
    };

    private readonly Dictionary<string, AgentTool> _byName = tools.ToDictionary(tool => tool.Name, StringComparer.Ordinal);

    /// <summary>The tools as the model is offered them: the same objects for every request, so that each has the same text.</summary>
    public IReadOnlyList<AITool> Declared { get; } = [.. tools.Select(tool => new Declaration(tool))];

    /// <summary>The tool of a name; null if there is none.</summary>
    public AgentTool? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What the model is told that called a tool which is not there.</summary>
    public string Unknown(string name)
    {
        string[] near = Nearest(name);
        string hint = near.Length > 0 ? $" Did you mean {string.Join(" or ", near.Select(other => $"\"{other}\""))}?" : "";
        return $"There is no tool \"{name}\".{hint} The tools are: {string.Join(", ", tools.Select(tool => tool.Name))}.";
    }

    private string[] Nearest(string name)
    {
        if (Elsewhere.TryGetValue(name, out string[]? same))
            return [.. same.Where(_byName.ContainsKey)];

        return
        [
            .. tools
                .Select(tool => (tool.Name, Distance: Distance(Letters(name), Letters(tool.Name))))
                .Where(other => other.Distance <= Math.Max(2, name.Length / 3))
                .OrderBy(other => other.Distance)
                .Take(2)
                .Select(other => other.Name),
        ];
    }

    // readFile, read-file and read_file are one name to a model.
    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    // Letters to insert, delete or change (Levenshtein, 1966).
    private static int Distance(string one, string other)
    {
        int[] above = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int[] row = new int[other.Length + 1];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int changed = above[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                row[j] = Math.Min(changed, Math.Min(above[j], row[j - 1]) + 1);
            }

            above = row;
        }

        return above[other.Length];
    }

    private sealed class Declaration(AgentTool tool) : AIFunctionDeclaration
    {
        public override string Name => tool.Name;

        public override string Description => tool.Description;

        public override JsonElement JsonSchema => tool.Parameters;
    }
}
