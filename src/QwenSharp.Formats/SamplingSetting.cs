using System.Globalization;

namespace QwenSharp.Formats;

/// <summary>
/// A setting that a checkpoint recommends for drawing tokens, under GGUF's name (<c>general.sampling.*</c>) and that of
/// <c>generation_config.json</c>; which numbers it may have, and what those mean that engines write in their own ways.
/// </summary>
/// <param name="Name">GGUF's name, without the prefix.</param>
/// <param name="HuggingFaceName">The name in <c>generation_config.json</c>; null where that has none.</param>
/// <param name="IsWhole">Whether it is a whole number.</param>
public sealed record SamplingSetting(string Name, string? HuggingFaceName, bool IsWhole)
{
    /// <summary>What stands before GGUF's names.</summary>
    public const string Prefix = "general.sampling.";

    // Below any probability that a token has of its own among a vocabulary's likeliest.
    private const double LikeliestAlone = 1e-6;

    /// <summary>Divides the logits; 0 takes the likeliest token.</summary>
    public static readonly SamplingSetting Temperature = new("temp", "temperature", IsWhole: false);

    /// <summary>How many of the likeliest tokens remain; 0 for all.</summary>
    public static readonly SamplingSetting TopK = new("top_k", "top_k", IsWhole: true);

    /// <summary>The probability that the remaining tokens have together.</summary>
    public static readonly SamplingSetting TopP = new("top_p", "top_p", IsWhole: false);

    /// <summary>The share of the likeliest token's probability that a remaining token has.</summary>
    public static readonly SamplingSetting MinP = new("min_p", "min_p", IsWhole: false);

    /// <summary>What logits of tokens that occurred are divided by; 1 for none.</summary>
    public static readonly SamplingSetting RepetitionPenalty = new("penalty_repeat", "repetition_penalty", IsWhole: false);

    /// <summary>How many of the last tokens that penalty looks at; 0 for none, −1 for all.</summary>
    public static readonly SamplingSetting RepetitionWindow = new("penalty_last_n", null, IsWhole: true);

    /// <summary>All settings.</summary>
    public static IReadOnlyList<SamplingSetting> All { get; } = [Temperature, TopK, TopP, MinP, RepetitionPenalty, RepetitionWindow];

    /// <summary>GGUF's key.</summary>
    public string Key => Prefix + Name;

    /// <summary>Reads a number that a file has.</summary>
    public SamplingReading Read(double value)
    {
        SamplingReading Means(double meant, string how) => new(meant, $"is {Text(value)}, {how}", null);
        SamplingReading Must(string range) => new(value, null, $"is {Text(value)}; it must be {range}");

        if (IsWhole && (value != Math.Truncate(value) || Math.Abs(value) > int.MaxValue))
            return Must("a whole number");

        return Name switch
        {
            "temp" when !(value >= 0 && value <= float.MaxValue) => Must("at least 0"),
            "top_k" when value < 0 => Means(0, "which is read as off: all tokens remain"),
            "top_p" or "min_p" when value is not (>= 0 and <= 1) => Must("from 0 to 1"),
            "top_p" when value < LikeliestAlone => Means(LikeliestAlone, "by which the likeliest token alone remains"),
            "penalty_repeat" when !(value >= 0 && value <= float.MaxValue) => Must("at least 0"),
            "penalty_repeat" when (float)value == 0 => Means(1, "which is read as off, as nothing can be divided by it"),
            "penalty_last_n" when value < -1 => Must("at least -1"),
            _ => new SamplingReading(value, null, null),
        };
    }

    /// <summary>Reads the setting of a checkpoint, where it has one.</summary>
    /// <exception cref="GgufException">The value is no number, or not one that the setting may have.</exception>
    public bool TryGet(GgufMetadata metadata, out SamplingReading reading)
    {
        reading = default;
        double value;
        if (IsWhole && metadata.TryGetValue(Key, out GgufValue? stored) && stored.TryGetInteger(out long whole))
            value = whole == uint.MaxValue ? -1 : whole; // −1 in 32 bits without a sign.
        else if (metadata.TryGetFloat(Key, out float single))
            value = single;
        else
            return false;

        reading = Read(value);
        return reading.Fault is { } fault ? throw metadata.Fault(Key, fault) : true;
    }

    /// <summary>A reading as GGUF stores it.</summary>
    public GgufValue Store(double value) => IsWhole ? GgufValue.Of((int)value) : GgufValue.Of((float)value);

    // A float's own digits, and not those of the double that it becomes.
    private static string Text(double value) =>
        (float)value == value ? ((float)value).ToString(CultureInfo.InvariantCulture) : value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a number of a <see cref="SamplingSetting"/> means.</summary>
/// <param name="Value">The number as this build has it.</param>
/// <param name="Repair">What follows the setting's name where the number is another engine's word for <paramref name="Value"/>.</param>
/// <param name="Fault">What follows the setting's name where it may not have the number.</param>
public readonly record struct SamplingReading(double Value, string? Repair, string? Fault);
