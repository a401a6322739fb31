using System.Globalization;
using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers;

/// <summary>What differs from model to model of OpenAI and cannot be asked of the service: it goes by their names.</summary>
internal static partial class OpenAIModels
{
    /// <summary>Whether a model knows marks of what is to be kept: GPT-5.6 and later.</summary>
    public static bool TakesMarks(string model) => VersionOf(model).CompareTo((5, 6)) >= 0;

    /// <summary>Whether a model can be told not to reason, with the effort <c>none</c>: GPT-5.1 and later.</summary>
    public static bool CanBeStill(string model) => VersionOf(model).CompareTo((5, 1)) >= 0;

    /// <summary>
    /// Whether a model reasons whatever it is told: the o series and the first GPT-5. Others from before never do, and refuse an effort.
    /// </summary>
    public static bool AlwaysReasons(string model) =>
        SeriesO().IsMatch(model) || (VersionOf(model) == (5, 0) && !model.Contains("chat", StringComparison.OrdinalIgnoreCase));

    private static (int Major, int Minor) VersionOf(string model)
    {
        Match match = Version().Match(model);
        return (Number(match.Groups[1]), Number(match.Groups[2]));

        static int Number(Group group) =>
            int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0;
    }

    [GeneratedRegex(@"gpt-(\d+)(?:\.(\d+))?")]
    private static partial Regex Version();

    [GeneratedRegex(@"(^|/)o\d")]
    private static partial Regex SeriesO();
}
