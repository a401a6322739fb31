namespace QwenSharp.Agent.Tools.Discovery;

/// <summary>Instructions for a kind of task.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Path">Its <c>SKILL.md</c>.</param>
public sealed record Skill(string Name, string Description, string Path)
{
    private static readonly string[] Directories = [".qwensharp", ".qwen", ".claude"];

    /// <summary>
    /// The skills of a project and of its user, in the places of this agent, Qwen Code and Claude Code; the project's come first.
    /// </summary>
    /// <param name="project">The project's directory; null where it is not trusted.</param>
    /// <param name="home">The user's home directory; null for nobody's.</param>
    public static IReadOnlyList<Skill> Find(string? project, string? home) =>
        [.. new[] { project, home }
            .OfType<string>()
            .SelectMany(above => Directories.Select(directory => System.IO.Path.Join(above, directory, "skills")))
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Select(directory => SkillFile.Read(System.IO.Path.Join(directory, "SKILL.md")))
            .OfType<Skill>()
            .DistinctBy(skill => skill.Name)
            .OrderBy(skill => skill.Name, StringComparer.Ordinal)];
}
