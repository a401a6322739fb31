using System.Text.RegularExpressions;

namespace QwenSharp.Agent.Loop;

/// <summary>
/// Whether an answer without a call announces one: "Now I will update the tests." Small models end so in the middle of the work.
/// </summary>
internal static partial class Intention
{
    /// <summary>What the model is told that did not do what it said.</summary>
    public const string Reminder =
        "You said what you would do, but called no tool. Call it now. If everything that was asked for is done, say so instead.";

    /// <summary>What the model is told that said nothing.</summary>
    public const string EmptyReminder =
        "Your answer was empty. Go on with the work by calling a tool. If everything that was asked for is done, say what you did.";

    /// <summary>What the model is told whose answer ended at the limit of tokens.</summary>
    public const string CutReminder = "Your answer was cut at the limit of its length. Go on with the work; be shorter.";

    /// <summary>Whether the last sentence of an answer announces what the answer does not do.</summary>
    public static bool IsAnnouncedIn(string text)
    {
        string trimmed = text.TrimEnd();
        if (trimmed.Length == 0 || trimmed.EndsWith('?') || trimmed.EndsWith("```", StringComparison.Ordinal))
            return false;

        string paragraph = trimmed[(trimmed.LastIndexOf('\n') + 1)..];
        string last = SentenceEnd().Split(paragraph).Last(part => part.Length > 0);
        return Announcement().IsMatch(last) && !Offer().IsMatch(last);
    }

    [GeneratedRegex(@"(?<=[.!?])\s+", RegexOptions.CultureInvariant)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(
        @"^\W*((now|next|first|then|so|ok(ay)?|alright|great|good),?\s+)*"
            + @"(I\s+will|I['’]ll|let\s+me|let['’]s|I\s+am\s+going\s+to|I['’]m\s+going\s+to)\s+(now\s+|first\s+|next\s+|then\s+)*"
            + @"(add|apply|build|change|check|continue|create|delete|edit|examine|explore|find|fix|implement|inspect|install|look|make|"
            + @"modify|move|open|proceed|read|remove|rename|replace|rewrite|run|search|start|test|try|update|use|verify|view|write)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Announcement();

    // What waits for the person's word is no forgotten call.
    [GeneratedRegex(
        @"\b(if\s+you|once\s+you|when\s+you|after\s+you|would\s+you|please|let\s+me\s+know)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Offer();
}
