using System.Globalization;
using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers.Anthropic;

/// <summary>
/// What Claude models of different generations take. A model whose name cannot be read is taken for one of today's.
/// </summary>
/// <param name="Family">Such as <c>opus</c>; empty where it cannot be read.</param>
/// <param name="Version">Its generation, such as 4.5.</param>
internal sealed partial record ClaudeModel(string Family, double Version)
{
    private const double Today = 5;

    /// <summary>Whether temperature, top-p and top-k are refused.</summary>
    public bool RefusesSampling => Family switch
    {
        "opus" => Version >= 4.7,
        "sonnet" or "haiku" or "" => Version >= 5,
        _ => true,
    };

    /// <summary>Whether temperature and top-p together are refused.</summary>
    public bool RefusesBoth => Version >= 4.1;

    /// <summary>Whether the model decides itself how long it thinks, and takes an effort in place of a number of tokens.</summary>
    public bool ThinksAdaptively => Version >= 4.6;

    /// <summary>Whether a call can never be asked for.</summary>
    public bool RefusesForcedCalls => Family is "fable" or "mythos";

    /// <summary>Reads a name, in whichever order and with whatever around it: <c>us.anthropic.claude-haiku-4-5-20251001-v1:0</c>.</summary>
    public static ClaudeModel Of(string name)
    {
        Match match = Newer().Match(name);
        if (!match.Success)
            match = Older().Match(name);

        return match.Success
            ? new ClaudeModel(
                match.Groups["family"].Value,
                double.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture)
                    + (match.Groups["minor"].Success
                        ? double.Parse(match.Groups["minor"].ValueSpan, CultureInfo.InvariantCulture) / 10
                        : 0))
            : new ClaudeModel("", Today);
    }

    // A number of more than two digits is a date.
    [GeneratedRegex(@"claude-(?<family>[a-z]+)-(?<major>\d)(?:[-.](?<minor>\d)(?!\d))?")]
    private static partial Regex Newer();

    [GeneratedRegex(@"claude-(?<major>\d)(?:[-.](?<minor>\d)(?!\d))?-(?<family>[a-z]+)")]
    private static partial Regex Older();
}
