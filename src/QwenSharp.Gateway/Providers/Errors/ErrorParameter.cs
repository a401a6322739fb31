using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers.Errors;

/// <summary>Which field a refusal is about.</summary>
internal static partial class ErrorParameter
{
    /// <summary>Its name; empty where that cannot be told.</summary>
    public static string Of(ErrorBody body)
    {
        if (body.Parameter is { } named)
            return named;

        if (body.Says("does not support thinking"))
            return "think";

        if (body.Says("does not support tools"))
            return "tools";

        if (body.Says("tool choice requires", "enable-auto-tool-choice"))
            return "tool_choice";

        Match match = Setting().Match(body.Message);
        if (!match.Success)
            match = Leading().Match(body.Message);

        if (!match.Success)
            match = Quoted().Match(body.Message);

        return match.Success ? match.Groups[1].Value : "";
    }

    // A value that is spelled behind its field: "thinking.type.enabled" is not supported.
    [GeneratedRegex("""^["'`]([a-z_]+\.type)\.[a-z_]+["'`]""")]
    private static partial Regex Setting();

    [GeneratedRegex("""^([a-z_][a-z0-9_.\[\]]*): """)]
    private static partial Regex Leading();

    [GeneratedRegex("""["'`]([a-z_][a-z0-9_.\[\]]*)["'`]""")]
    private static partial Regex Quoted();
}
