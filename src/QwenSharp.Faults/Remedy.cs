namespace QwenSharp.Faults;

/// <summary>A change of an option that would help.</summary>
/// <param name="Verb">What to do with it, such as <c>lower</c>.</param>
/// <param name="Option">The option, by its name in the room that found the fault.</param>
public readonly record struct Remedy(string Verb, string Option);
