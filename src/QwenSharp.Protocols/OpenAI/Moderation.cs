namespace QwenSharp.Protocols.OpenAI;

/// <summary>The reply of <c>/v1/moderations</c>.</summary>
/// <param name="Id">The reply's own name.</param>
/// <param name="Model">Who judged.</param>
/// <param name="Results">A verdict a text.</param>
public sealed record Moderation(string Id, string Model, IReadOnlyList<ModerationResult> Results);

/// <summary>What was found in one text: the protocol's categories, and those of the model that it lacks.</summary>
/// <param name="Flagged">Whether the text is unsafe.</param>
/// <param name="Categories">What it is unsafe for.</param>
/// <param name="CategoryScores">
/// 1 where the text is unsafe, 0.5 where it is so in some contexts, 0 otherwise: the model gives a verdict, no probability.
/// </param>
/// <param name="CategoryAppliedInputTypes">What was looked at for each: <c>text</c>.</param>
public sealed record ModerationResult(
    bool Flagged,
    IReadOnlyDictionary<string, bool> Categories,
    IReadOnlyDictionary<string, float> CategoryScores,
    IReadOnlyDictionary<string, IReadOnlyList<string>> CategoryAppliedInputTypes)
{
    private static readonly string[] Text = ["text"];

    // Qwen3Guard's categories are wider than the protocol's: its violence has threats and gore in it. What has no counterpart has a name of
    // its own, so that nothing which was found is lost.
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Violent"] = "violence",
        ["Non-violent Illegal Acts"] = "illicit",
        ["Sexual Content or Sexual Acts"] = "sexual",
        ["Suicide & Self-Harm"] = "self-harm",
        ["PII"] = "pii",
        ["Personally Identifiable Information"] = "pii",
        ["Unethical Acts"] = "unethical",
        ["Politically Sensitive Topics"] = "political",
        ["Copyright Violation"] = "copyright",
        ["Jailbreak"] = "jailbreak",
    };

    private static readonly string[] All =
    [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm", "self-harm/intent",
        "self-harm/instructions", "sexual", "sexual/minors", "violence", "violence/graphic", "pii", "unethical", "political", "copyright",
        "jailbreak",
    ];

    /// <summary>The result for a verdict.</summary>
    /// <param name="isUnsafe">Whether the text is unsafe.</param>
    /// <param name="isControversial">Whether it is so in some contexts.</param>
    /// <param name="found">The model's names of what it found.</param>
    public static ModerationResult Of(bool isUnsafe, bool isControversial, IReadOnlyList<string> found)
    {
        HashSet<string> names = [.. found.Select(name => Names.GetValueOrDefault(name, name.ToLowerInvariant()))];
        List<string> all = [.. All.Union(names)];
        float score = isUnsafe ? 1 : isControversial ? 0.5f : 0;
        return new ModerationResult(
            isUnsafe,
            all.ToDictionary(name => name, name => isUnsafe && names.Contains(name)),
            all.ToDictionary(name => name, name => names.Contains(name) ? score : 0),
            all.ToDictionary(name => name, _ => (IReadOnlyList<string>)Text));
    }
}
