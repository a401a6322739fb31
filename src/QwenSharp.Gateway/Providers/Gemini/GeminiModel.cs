using System.Globalization;
using System.Text.RegularExpressions;

namespace QwenSharp.Gateway.Providers.Gemini;

/// <summary>What Gemini models of different generations take. A model whose name cannot be read is taken for one of today's.</summary>
/// <param name="Version">Its generation, such as 2.5.</param>
internal sealed partial record GeminiModel(double Version)
{
    private const double Today = 3;

    /// <summary>Whether thinking has levels in place of numbers of tokens, and calls need the signatures that they came with.</summary>
    public bool IsThird => Version >= 3;

    public static GeminiModel Of(string name)
    {
        Match match = Number().Match(name);
        return new GeminiModel(match.Success ? double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : Today);
    }

    [GeneratedRegex(@"gemini-(\d+(?:\.\d+)?)")]
    private static partial Regex Number();
}
