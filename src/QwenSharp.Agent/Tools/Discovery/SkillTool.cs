using System.Text;
using System.Text.Json;

namespace QwenSharp.Agent.Tools.Discovery;

/// <summary>Gives the instructions of a skill, of which the model knows the names and what they are for.</summary>
/// <param name="skills">The skills; what is said of them stays the same for the session.</param>
public sealed class SkillTool(IReadOnlyList<Skill> skills) : AgentTool
{
    private const int MostCharacters = 150;

    /// <inheritdoc/>
    public override string Name => "skill";

    /// <inheritdoc/>
    public override string Description { get; } = skills.Aggregate(
        new StringBuilder("Gives the instructions of a skill. Read them before a task that one is for:"),
        (text, skill) => text.Append('\n').Append(skill.Name).Append(": ").Append(Short(skill.Description))).ToString();

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": { "skill": { "type": "string", "description": "Name of the skill" } },
          "required": ["skill"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        string name = arguments.String("skill");
        Skill skill = skills.FirstOrDefault(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ToolException($"There is no skill \"{name}\"; there are {string.Join(", ", skills.Select(one => one.Name))}.");
        try
        {
            string text = await File.ReadAllTextAsync(skill.Path, cancellationToken).ConfigureAwait(false);
            return new ToolResult($"Its files are in {Path.GetDirectoryName(skill.Path)}.\n\n{SkillFile.Body(text)}")
            {
                Display = $"Skill {skill.Name}",
            };
        }
        catch (IOException failure)
        {
            throw new ToolException($"The skill \"{name}\" cannot be read: {failure.Message}");
        }
    }

    private static string Short(string description) => description[..Math.Min(description.Length, MostCharacters)];
}
