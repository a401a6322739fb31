using System.Globalization;
using System.Runtime.CompilerServices;

namespace QwenSharp.Faults;

/// <summary>
/// What is wrong and what to do, in sentences with places for the names of options. Written as an interpolated string: each
/// <see cref="OptionName"/> in it is such a place, all else is text, the same in every culture.
/// </summary>
[InterpolatedStringHandler]
public sealed class FaultSentence
{
    private readonly List<(string Text, bool IsOption)> _parts;

    /// <summary>Begins a sentence; for the compiler.</summary>
    public FaultSentence(int literalLength, int formattedCount) => _parts = new(2 * formattedCount + Math.Min(literalLength, 1));

    private FaultSentence(List<(string, bool)> parts) => _parts = parts;

    /// <summary>Adds text; for the compiler.</summary>
    public void AppendLiteral(string text) => _parts.Add((text, false));

    /// <summary>Adds a value; for the compiler.</summary>
    public void AppendFormatted<T>(T value) => _parts.Add((string.Create(CultureInfo.InvariantCulture, $"{value}"), false));

    /// <summary>Adds the place of a name; for the compiler.</summary>
    public void AppendFormatted(OptionName name) => _parts.Add((name.Value, true));

    internal string Say(Func<string, string?> name) =>
        string.Concat(_parts.Select(part => part.IsOption ? name(part.Text) ?? part.Text : part.Text));

    internal FaultSentence Renamed(Func<string, string?> name) =>
        new([.. _parts.Select(part => part.IsOption ? (name(part.Text) ?? part.Text, true) : part)]);
}
