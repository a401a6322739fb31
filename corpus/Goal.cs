using QwenSharp.Corpus.Skills;

namespace QwenSharp.Corpus;

/// <summary>What the model in the box is held to in one part of a skill.</summary>
/// <param name="Name">The part.</param>
/// <param name="Percent">How many of a hundred held-out prompts must be answered right; null for a figure that is only reported.</param>
public sealed record Goal(string Name, int? Percent)
{
    /// <summary>All goals, in the order of the skills.</summary>
    public static IReadOnlyList<Goal> All { get; } =
    [
        new("identity and manners", 90),
        new("declines", 90),
        new("declines other arithmetic", 90),
        new("QwenSharp and Qwen", 90),
        new("one call", 95),
        new("two calls", 95),
        new("several calls", 90),
        new("no tool fits", 90),
        new("answers from results", 90),
        new("answers from varied results", 90),
        new("extraction", 90),
        new("arithmetic, thinking", 95),
        new("arithmetic, direct", null),
        new("phrases", 90),
        new("phrases, several languages", 90),
        new("stories", 90),
        new("repeats", 90),
    ];

    /// <summary>The goal to which an exercise counts.</summary>
    public static Goal Of(Exercise exercise)
    {
        ArgumentNullException.ThrowIfNull(exercise);
        string name = (exercise.Skill, exercise.Kind) switch
        {
            ("identity", "decline") => "declines",
            ("identity", _) => "identity and manners",
            ("facts", _) => "QwenSharp and Qwen",
            ("tools", "no tool fits" or "no tool needed") => "no tool fits",
            ("tools", "result") => "answers from results",
            ("tools", "varied result") => "answers from varied results",
            ("tools", var kind) => kind,
            ("arithmetic", Arithmetic.Beyond) => "declines other arithmetic",
            ("arithmetic", var kind) => kind.EndsWith("direct", StringComparison.Ordinal) ? "arithmetic, direct" : "arithmetic, thinking",
            ("phrases", "several languages") => "phrases, several languages",
            (var skill, _) => skill,
        };
        return All.First(goal => goal.Name == name);
    }
}
