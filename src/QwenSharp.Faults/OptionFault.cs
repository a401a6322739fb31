namespace QwenSharp.Faults;

/// <summary>
/// What is wrong with an option, found in one room and worded in another: a caller in .NET, a client of a protocol and a user of the
/// command line know the same option by three names. No one edits another's sentence; each gives the names to put into it, or makes a
/// sentence of their own from <see cref="Kind"/>, <see cref="Option"/> and <see cref="Bounds"/>.
/// </summary>
public sealed class OptionFault
{
    private readonly FaultSentence _sentence;

    /// <summary>A fault.</summary>
    /// <param name="kind">What is wrong.</param>
    /// <param name="option">The option, by its name in the room that finds the fault; empty where the fault is not one of an
    /// option.</param>
    /// <param name="sentence">What is wrong and what to do, in whole sentences; options in it are <see cref="OptionName"/>s.</param>
    public OptionFault(FaultKind kind, string option, FaultSentence sentence)
    {
        ArgumentNullException.ThrowIfNull(option);
        ArgumentNullException.ThrowIfNull(sentence);
        Kind = kind;
        Option = option;
        _sentence = sentence;
    }

    /// <summary>What is wrong.</summary>
    public FaultKind Kind { get; }

    /// <summary>The option.</summary>
    public string Option { get; }

    /// <summary>The values that it takes, where that is what is wrong.</summary>
    public Bounds? Bounds { get; init; }

    /// <summary>How much the caller gave, where that is more than there is room for: in the unit of <see cref="Bounds"/>.</summary>
    public long? Given { get; init; }

    /// <summary>Changes of options that would help, one or the other.</summary>
    public IReadOnlyList<Remedy> Remedies { get; init; } = [];

    /// <summary>A value that is not one of those that the option takes.</summary>
    public static OptionFault OutOfRange(string option, object? value, Bounds bounds) =>
        new(FaultKind.OutOfRange, option, $"{new OptionName(option)} is {value}; it must be {bounds}.") { Bounds = bounds };

    /// <summary>A fault whose sentence begins with the option's name.</summary>
    /// <param name="kind">What is wrong.</param>
    /// <param name="option">The option.</param>
    /// <param name="problem">The rest of the sentence.</param>
    public static OptionFault Of(FaultKind kind, string option, string problem) =>
        new(kind, option, $"{new OptionName(option)} {problem}");

    /// <summary>The fault in sentences, with the names of options that the reader knows.</summary>
    /// <param name="name">
    /// The reader's name for an option; null for one that they do not have, which is then not among the remedies.
    /// </param>
    /// <param name="offers">Whether the reader can change an option; others are not among the remedies. Null for all.</param>
    public string Say(Func<string, string?> name, Func<string, bool>? offers = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        string said = _sentence.Say(name);
        string advice = string.Join(
            " or ",
            Remedies
                .Where(remedy => name(remedy.Option) is not null && offers?.Invoke(remedy.Option) is not false)
                .Select(remedy => $"{remedy.Verb} {name(remedy.Option)}"));
        return advice.Length == 0 ? said : $"{said} {char.ToUpperInvariant(advice[0])}{advice[1..]}.";
    }

    /// <summary>The same fault as a caller knows it who calls the options otherwise.</summary>
    /// <param name="name">The caller's name for an option; null where it is the same.</param>
    public OptionFault Renamed(Func<string, string?> name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new OptionFault(Kind, name(Option) ?? Option, _sentence.Renamed(name))
        {
            Bounds = Bounds,
            Given = Given,
            Remedies = [.. Remedies.Select(remedy => remedy with { Option = name(remedy.Option) ?? remedy.Option })],
        };
    }

    /// <summary>The fault with the names of the room that found it.</summary>
    public override string ToString() => Say(name => name);
}
