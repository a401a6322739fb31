using System.Globalization;

namespace QwenSharp.Faults;

/// <summary>The values that an option takes.</summary>
/// <param name="Words">In words that end "it must be …", such as <c>0 or more</c>.</param>
/// <param name="Least">The least number, where they are numbers; null for no end.</param>
/// <param name="Most">The most; null for no end.</param>
public sealed record Bounds(string Words, double? Least = null, double? Most = null)
{
    /// <summary>Numbers from one on.</summary>
    public static Bounds AtLeast(double least) => new(string.Create(CultureInfo.InvariantCulture, $"{least} or more"), least);

    /// <summary>Numbers up to one.</summary>
    public static Bounds AtMost(double most) => new(string.Create(CultureInfo.InvariantCulture, $"{most} or less"), Most: most);

    /// <summary>Numbers from one to another, both among them.</summary>
    public static Bounds Between(double least, double most) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"), least, most);

    /// <inheritdoc/>
    public override string ToString() => Words;
}
