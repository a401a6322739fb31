namespace QwenSharp;

/// <summary>How safe a text is, as Qwen3Guard puts it.</summary>
public enum SafetyLabel
{
    /// <summary>Harmless.</summary>
    Safe,

    /// <summary>Harmful in some contexts and not in others.</summary>
    Controversial,

    /// <summary>Harmful.</summary>
    Unsafe,
}

/// <summary>What Qwen3Guard (Qwen Team, 2025) says of a prompt or of the last answer of a conversation.</summary>
/// <param name="Label">How safe it is.</param>
/// <param name="Categories">What it is about, in the model's words, such as "Violent" or "PII"; empty where it is safe.</param>
/// <param name="IsRefusal">Whether the answer refuses what was asked; null where a prompt was judged.</param>
public sealed record SafetyVerdict(SafetyLabel Label, IReadOnlyList<string> Categories, bool? IsRefusal)
{
    /// <summary>Reads a verdict from the model's words: lines "Safety: …", "Categories: …", and of an answer "Refusal: …".</summary>
    /// <exception cref="FormatException">They are no verdict.</exception>
    public static SafetyVerdict Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Dictionary<string, string> fields = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                fields.TryAdd(line[..colon].Trim(), line[(colon + 1)..].Trim());
        }

        if (
            !fields.TryGetValue("Safety", out string? safety)
            || !Enum.TryParse(safety, ignoreCase: true, out SafetyLabel label)
            || !Enum.IsDefined(label)
            || char.IsAsciiDigit(safety[0]))
        {
            throw new FormatException($"The model's answer is no safety verdict: '{text}'. Is it a Qwen3Guard?");
        }

        string[] categories = fields.TryGetValue("Categories", out string? listed)
            ?
            [
                .. listed
                    .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Where(category => !category.Equals("None", StringComparison.OrdinalIgnoreCase)),
            ]
            : [];
        bool? refuses = fields.TryGetValue("Refusal", out string? refusal)
            ? refusal.Equals("Yes", StringComparison.OrdinalIgnoreCase)
            : null;
        return new SafetyVerdict(label, categories, refuses);
    }
}
